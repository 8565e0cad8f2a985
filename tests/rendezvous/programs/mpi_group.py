"""One rank of an MPI program."""

import random

from mpi4py import MPI
from told import tell

world = MPI.COMM_WORLD
mine = random.randrange(10**9)
tell(world.Get_rank(), world.Get_size(), mine, world.allreduce(mine))
