# WebREPL: the board's prompt and files over a websocket.
import socket
import time
import _webrepl
from machine import Timer

# A connection has so many seconds for its password, and so many may be at it.
_LOGIN_S = 30
_LOGINS = 4
# So many clients may be in, with and without the prompt. When there are more, one that has been silent for so many seconds goes.
_CLIENTS = 8
_SILENT_S = 30
# A client that waits for the prompt is looked at so often, in ms.
_LOOK_MS = 20

listen_s = None
# Connections and when they came.
_clients = []


def _prune():
    now = time.time()
    for entry in _clients[:]:
        client, since = entry
        state = client.state()
        if state == 0 and now - since > _LOGIN_S:
            client.close()
        if client.state() == 2:
            _clients.remove(entry)
    waiting = [entry for entry in _clients if entry[0].state() == 0]
    # Who came first has had the most time.
    for entry in waiting[: max(0, len(waiting) - _LOGINS + 1)]:
        entry[0].close()
        _clients.remove(entry)


# Whether there is no place for another client.
def _full():
    if sum(entry[0].state() in (1, 3) for entry in _clients) < _CLIENTS:
        return False
    # Who has the prompt may be silent.
    silent = [entry for entry in _clients if entry[0].state() == 1 and entry[0].idle() >= _SILENT_S]
    if not silent:
        return True
    entry = max(silent, key=lambda entry: entry[0].idle())
    entry[0].close()
    _clients.remove(entry)
    return False


# A client waits for the prompt that another one has.
def _wait(client):
    def look(timer):
        if client.settle():
            timer.deinit()

    Timer(-1, period=_LOOK_MS, mode=Timer.PERIODIC, callback=look)


def accept_conn(listener):
    sock, addr = listener.accept()
    _prune()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client = _webrepl.Connection(sock, _full(), _wait)
    _clients.append((client, time.time()))
    sock.setsockopt(socket.SOL_SOCKET, 20, client.notify)


# The name that a server announces if it was given none: those that only this machine reaches don't.
def _name(host):
    if host.startswith("127."):
        return ""
    import binascii, machine

    return "micropython-" + binascii.hexlify(machine.unique_id()[-3:]).decode()


def _announce(name, host, port):
    try:
        _webrepl.announce(name, host, port)
    except OSError:
        # A board that can't announce serves all the same.
        pass


def start(port=8266, password=None, host="0.0.0.0", name=None):
    global listen_s
    stop()
    if password is None:
        try:
            import webrepl_cfg

            password = webrepl_cfg.PASS
        except ImportError:
            print("WebREPL has no password yet: run 'import webrepl_setup'")
            return
    if name and len(name.encode()) > 63:
        raise ValueError("name must have 1 to 63 bytes")
    _webrepl.password(password)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    s.listen(_LOGINS)
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, 20, accept_conn)
    listen_s = s
    if name is None:
        name = _name(host)
    if name:
        _announce(name, host, port)
    print("WebREPL listens on ws://%s:%d" % (host, port))


def stop():
    global listen_s
    if listen_s:
        _webrepl.announce()
        listen_s.close()
        listen_s = None
    while _clients:
        _clients.pop()[0].close()
