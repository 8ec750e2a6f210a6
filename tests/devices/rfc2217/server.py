"""A serial port on TCP by RFC 2217, with pyserial's side of the protocol: server.py PORT. Prints its TCP port."""

import socket
import sys
import threading

import serial
import serial.rfc2217


class Pty(serial.Serial):
    """A port without modem lines."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self):
        pass

    def _update_rts_state(self):
        pass


def serve(port, client):
    class Writer:
        def write(self, data):
            client.sendall(data)

    manager = serial.rfc2217.PortManager(port, Writer())
    gone = threading.Event()

    def from_board():
        while not gone.is_set():
            try:
                data = port.read(port.in_waiting or 1)
            except serial.SerialException:
                # The client purged the port between the look and the read. One that is gone fails at the look.
                continue
            try:
                client.sendall(b"".join(manager.escape(data)))
            except OSError:
                return

    reader = threading.Thread(target=from_board)
    reader.start()
    try:
        while data := client.recv(1024):
            port.write(b"".join(manager.filter(data)))
    except ConnectionError:
        pass
    gone.set()
    reader.join()
    client.close()


board = Pty(sys.argv[1], timeout=0.02)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    serve(board, connection)
