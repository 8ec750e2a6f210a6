# WebREPL: the board's prompt and files over a websocket.
import socket
import time
import _webrepl

# A connection has so many seconds for its password, and so many may be at it.
_LOGIN_S = 30
_LOGINS = 4

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


def accept_conn(listener):
    sock, addr = listener.accept()
    _prune()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = _webrepl.Connection(sock)
    _clients.append((client, time.time()))
    sock.setsockopt(socket.SOL_SOCKET, 20, client.notify)


def start(port=8266, password=None, host="0.0.0.0"):
    global listen_s
    stop()
    if password is None:
        try:
            import webrepl_cfg

            password = webrepl_cfg.PASS
        except ImportError:
            print("WebREPL has no password yet: run 'import webrepl_setup'")
            return
    _webrepl.password(password)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    s.listen(_LOGINS)
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, 20, accept_conn)
    listen_s = s
    print("WebREPL listens on ws://%s:%d" % (host, port))


def stop():
    global listen_s
    if listen_s:
        listen_s.close()
        listen_s = None
    while _clients:
        _clients.pop()[0].close()
