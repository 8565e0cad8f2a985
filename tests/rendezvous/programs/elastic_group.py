"""torch.distributed under torchrun, until it is told to end: whenever a node is lost this ends with an
error, and is started anew in a group of another size."""

import os
import random
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from told import tell

dist.init_process_group("gloo", timeout=timedelta(seconds=20))
mine = random.randrange(10**9)
total = torch.tensor([mine], dtype=torch.int64)
dist.all_reduce(total)
tell(dist.get_rank(), dist.get_world_size(), mine, int(total))
while True:
    # All see the same number, so all end in the same round.
    ends = torch.tensor([1 if os.path.exists("/mnt/told/end") else 0])
    dist.all_reduce(ends)
    if int(ends) == dist.get_world_size():
        break
    time.sleep(0.2)
dist.destroy_process_group()
