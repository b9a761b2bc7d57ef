"""A Slurm cluster of two nodes on this one machine, on loopback and in a folder of its own.

What it starts it stops, also when it is interrupted. It needs Debian's slurmctld, slurmd, slurm-client and munge, but none of
their services, no systemd and no cgroups.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo"]
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def missing_programs():
    return [name for name in PROGRAMS if shutil.which(name, path=SYSTEM_PATH) is None]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def processes_below(folder):
    """Processes that belong to a cluster whose folder this is: their environment or command line names it."""
    found = []
    needle = str(folder).encode() + b"/"
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if needle in command or b"SLURM_CONF=" + needle in environment:
            found.append(int(entry.name))
    return found


def children_of(parents):
    """All processes that descend from these, themselves included."""
    parent_of = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        parent_of[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
    family = set(parents)
    while True:
        more = {child for child, parent in parent_of.items() if parent in family} - family
        if not more:
            return family
        family |= more


class LocalSlurm:
    def __init__(self, folder, cpus=1):
        self.folder = Path(folder)
        self.cpus = cpus
        self.daemons = {}
        self.environment = dict(os.environ)
        self.environment["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self.environment["PATH"] = SYSTEM_PATH

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def write_configuration(self):
        controller, first, second = free_ports(3)
        host = socket.gethostname()
        user = pwd.getpwuid(os.getuid()).pw_name
        # cred_expire is also how long a requeued task waits: two minutes by default.
        text = f"""
ClusterName=nightshift
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool-%n
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd-%n.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdTimeout=10
SlurmctldTimeout=10
KillWait=30
MinJobAge=300
InactiveLimit=0
Waittime=0
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1
SlurmdParameters=config_overrides
MpiDefault=none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs={self.cpus} RealMemory=2048
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs={self.cpus} RealMemory=2048
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=60 State=UP
"""
        (self.folder / "slurm.conf").write_text(text)

    def spawn(self, name, command):
        log = open(self.folder / f"{name}.out", "ab")
        self.daemons[name] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, start_new_session=True)
        log.close()

    def start(self):
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        (self.folder / "state").mkdir()
        self.write_configuration()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        self.spawn("munged", [
            "munged", "--foreground", "--force", f"--socket={self.folder}/munge.socket", f"--key-file={key}",
            f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/munged.log",
            f"--seed-file={self.folder}/munged.seed"])
        self.wait("munge's socket", lambda: (self.folder / "munge.socket").exists())
        self.spawn("slurmctld", ["slurmctld", "-D"])
        for node in ["n1", "n2"]:
            self.start_node(node)
        self.wait("two idle nodes", lambda: self.node_states() == {"n1": "idle", "n2": "idle"}, seconds=60)

    def start_node(self, node):
        self.spawn(f"slurmd-{node}", ["slurmd", "-D", "-N", node])

    def kill_node(self, node):
        """The node vanishes with all that runs on it: daemon, batch steps, workers."""
        daemon = self.daemons.pop(f"slurmd-{node}")
        victims = children_of([daemon.pid]) | self.steps_of(node)
        # None of them may see another end, as when the power fails.
        for victim in victims:
            send(victim, signal.SIGSTOP)
        victims |= children_of(victims)
        for victim in victims:
            send(victim, signal.SIGKILL)
        daemon.wait()
        return victims

    def steps_of(self, node):
        """The batch steps of a node, which are no children of its daemon any more, with their scripts and workers."""
        steps = set()
        for process in processes_below(self.folder):
            try:
                environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
                command = Path(f"/proc/{process}/cmdline").read_bytes()
            except OSError:
                continue
            if f"SLURMD_NODENAME={node}".encode() in environment:
                steps.add(process)
            elif command.startswith(b"slurmstepd"):
                below = children_of([process]) - {process}
                for child in below:
                    try:
                        inner = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
                    except OSError:
                        continue
                    if f"SLURMD_NODENAME={node}".encode() in inner:
                        steps.add(process)
        return children_of(steps)

    def run(self, *command, check=True):
        outcome = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if check and outcome.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {outcome.stderr.strip()}")
        return outcome.stdout

    def node_states(self):
        lines = self.run("sinfo", "--noheader", "--Node", "--format", "%N %T", check=False).splitlines()
        return dict(line.split() for line in lines if len(line.split()) == 2)

    def wait(self, what, is_so, seconds=30):
        deadline = time.monotonic() + seconds
        while not is_so():
            for name, daemon in self.daemons.items():
                if daemon.poll() is not None:
                    tail = (self.folder / f"{name}.out").read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"{name} has ended: {tail}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited in vain for {what}: {self.node_states()}")
            time.sleep(0.1)

    def stop(self):
        # The tasks first, so that their ends are told.
        if "slurmctld" in self.daemons:
            self.run("scancel", "--user", pwd.getpwuid(os.getuid()).pw_name, check=False)
        for name in sorted(self.daemons, key=lambda name: name == "munged"):
            send(self.daemons[name].pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        for daemon in self.daemons.values():
            while daemon.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
        for process in processes_below(self.folder):
            send(process, signal.SIGKILL)
        for daemon in self.daemons.values():
            daemon.wait()
        self.daemons = {}

    def listening(self):
        """The addresses that the cluster listens on."""
        mine = {str(process) for process in processes_below(self.folder)}
        inodes = set()
        for process in mine:
            try:
                for entry in Path(f"/proc/{process}/fd").iterdir():
                    target = os.readlink(entry)
                    if target.startswith("socket:["):
                        inodes.add(target[8:-1])
            except OSError:
                continue
        addresses = set()
        for table in ["/proc/net/tcp", "/proc/net/tcp6"]:
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    addresses.add(fields[1].split(":")[0])
        return addresses


def send(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass
