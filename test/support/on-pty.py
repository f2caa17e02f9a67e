"""Runs a command on a pseudo-terminal: on-pty.py COLUMNS ROWS KEYS COMMAND…, where KEYS is JSON, [[text to wait for, keys to type], …]; null
in place of keys kills the command.

Prints one JSON object: all that the terminal was sent, the exit status, and whether the terminal's line discipline is as it was.
"""
import fcntl, json, os, pty, select, struct, sys, termios, time

columns, rows, keys, command = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4:]
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.execvp(command[0], command)

sent, since, status, end = "", 0, None, time.time() + 60
while status is None and time.time() < end:
    if select.select([master], [], [], 0.05)[0]:
        sent += os.read(master, 65536).decode("utf-8", "replace")
    if keys and keys[0][0] in sent[since:]:
        since = len(sent)
        typed = keys.pop(0)[1]
        os.kill(pid, 9) if typed is None else os.write(master, typed.encode())
    done, code = os.waitpid(pid, os.WNOHANG)
    if done:
        status = os.waitstatus_to_exitcode(code)
if status is None:
    os.kill(pid, 9)
while select.select([master], [], [], 0.1)[0]:
    sent += os.read(master, 65536).decode("utf-8", "replace")
print(json.dumps({"sent": sent, "status": status, "restored": termios.tcgetattr(slave) == before, "waiting": keys}))
