"""torch.distributed: the same program under torchrun and without it."""

import random

import torch
import torch.distributed as dist
from told import tell

dist.init_process_group("gloo")
mine = random.randrange(10**9)
total = torch.tensor([mine], dtype=torch.int64)
dist.all_reduce(total)
tell(dist.get_rank(), dist.get_world_size(), mine, int(total))
dist.destroy_process_group()
