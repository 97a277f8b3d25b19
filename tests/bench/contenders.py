"""Who is measured: how each is told to keep N children alive, and to end.

All are told the same: N times the same program, always restarted, no logs of the children, SIGTERM
stops them. What else they do by default they do: two of them log, for example."""
import os
import shutil
import signal

class Contender:
    """`write(directory, n, program)` writes what it is to do there and returns the command that does it."""
    name = program = None
    most, beyond = 10_000, ""  # how many children it is given, and why not more
    stop_signal = signal.SIGTERM
    status = None  # command that shows the state of all; there once write() was called
    environment = {}

    def missing(self):
        """Why it cannot be measured; None when it can."""
        return None if shutil.which(self.program) else f"no {self.program} here"

    def write(self, directory, n, program):
        raise NotImplementedError


class Limit(Contender):
    name = "limit"

    def __init__(self, programs):
        self.program = os.path.join(programs, "limit")

    def write(self, directory, n, program):
        return [self.program, str(n), *program]


class Taskmaster(Contender):
    name = "taskmaster"
    cgroups = "off"  # the others have none

    def __init__(self, binary):
        self.program = binary

    def write(self, directory, n, program, keys=""):
        config, socket = f"{directory}/config.yaml", f"{directory}/socket"
        command = ", ".join(f'"{word}"' for word in program)
        task = (f"{{command: [{command}], instances: {n}, autoLaunch: true, restart: always, "
                f"successfulStartTimeout: 1{keys}}}")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"supervisor: {{cgroups: {self.cgroups}}}\n"
                       f"tasks: {{{f'child: {task}' if n else ''}}}\n")
        self.status = [self.program, "ctl", "-s", socket, "status"]
        return [self.program, "-n", "-s", socket, config]


class TaskmasterCgroups(Taskmaster):
    name = "taskmaster with cgroups"
    cgroups = "auto"


class Supervisord(Contender):
    """It takes three descriptors for each child, and closes `minfds` in each that it starts: no more than needed."""
    name = "supervisord"
    program = "supervisord"

    def write(self, directory, n, program, keys="stdout_logfile=NONE\nstderr_logfile=NONE\n"):
        config = os.path.join(directory, "supervisord.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[supervisord]\nnodaemon=true\nminfds={max(1024, 3 * n + 200)}\n"
                       f"logfile={directory}/supervisord.log\n"
                       f"pidfile={directory}/supervisord.pid\nchildlogdir={directory}\n"
                       f"[unix_http_server]\nfile={directory}/supervisor.sock\n"
                       "[rpcinterface:supervisor]\n"
                       "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
                       f"[supervisorctl]\nserverurl=unix://{directory}/supervisor.sock\n")
            if n:
                file.write(f"[program:child]\ncommand={' '.join(program)}\nnumprocs={n}\n"
                           "process_name=%(process_num)05d\nautorestart=true\nstartsecs=1\n" + keys)
        self.status = ["supervisorctl", "-c", config, "status"]
        return ["supervisord", "-c", config]


class Directories(Contender):
    """A directory for each service; `run` in it is the program itself, with no shell before it."""
    most, beyond = 1000, "not measured"

    def write(self, directory, n, program):
        services = os.path.join(directory, "services")
        os.mkdir(services)
        for i in range(n):
            os.mkdir(f"{services}/{i:05}")
            os.symlink(program[0], f"{services}/{i:05}/run")
        return [self.program, *self.arguments(n), services]

    def arguments(self, n):
        raise NotImplementedError


class Runit(Directories):
    name = "runit"
    program = "runsvdir"
    beyond = "cannot: 1,000 at most"
    stop_signal = signal.SIGHUP  # stops the services, too; SIGTERM would leave them running

    def write(self, directory, n, program):
        command = super().write(directory, n, program)
        self.status = ["sv", "status", *(f"{directory}/services/{i:05}" for i in range(n))]
        return command

    def arguments(self, n):
        return []


class S6(Directories):
    """It restarts at once only what was ready, anything else after a second: so the child says so."""
    name = "s6"
    program = "s6-svscan"
    environment = {"BENCH_READY": "1"}

    def write(self, directory, n, program):
        command = super().write(directory, n, program)
        for i in range(n):
            with open(f"{directory}/services/{i:05}/notification-fd", "w", encoding="utf-8") as file:
                file.write("3\n")
        return command

    def arguments(self, n):
        return ["-c", str(max(n, 4))]


def everybody(programs, binary):
    return [Limit(programs), Taskmaster(binary), TaskmasterCgroups(binary), Supervisord(), Runit(), S6()]
