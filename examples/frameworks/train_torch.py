"""PyTorch on several nodes: each process learns from a share of the rows; DDP averages the gradients.

torchrun starts the processes of its node and tells each its rank. The data, handwritten digits, ship
with scikit-learn.
"""

import json
import os

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn.parallel import DistributedDataParallel

GPU = torch.cuda.is_available()


def train(images, digits, device) -> nn.Module:
    """A small network; every process returns the same one."""
    torch.manual_seed(7)
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
    together = DistributedDataParallel(net)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(together(images), digits)
        loss.backward()
        optimizer.step()
        if epoch % 10 == 0:
            print(f"rank {dist.get_rank()}: epoch {epoch}, loss {loss.item():.3f}", flush=True)
    return net


def main() -> None:
    dist.init_process_group("nccl" if GPU else "gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if GPU else torch.device("cpu")

    images, digits = load_digits(return_X_y=True)
    rows, held_out, labels, held_out_labels = train_test_split(
        torch.tensor(images / 16, dtype=torch.float32), torch.tensor(digits), test_size=0.3, random_state=7)
    net = train(rows[rank::world].to(device), labels[rank::world].to(device), device)

    joined = torch.ones(1, device=device)
    dist.all_reduce(joined)  # a one from each: how many have really learnt together
    if rank == 0:
        with torch.no_grad():
            right = net(held_out.to(device)).argmax(1).cpu() == held_out_labels
        accuracy = right.float().mean().item()
        print(f"accuracy {accuracy:.3f} on {len(held_out)} rows that were held out")
        with open(os.environ.get("SLIPWAY_RESULT_FILE", os.devnull), "w") as file:
            json.dump({"metrics": {"accuracy": accuracy, "processes": int(joined.item())}}, file)
    dist.destroy_process_group()


main()
