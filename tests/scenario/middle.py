"""Something between a client and Redis that loses what it should pass on.

One thread a connection and direction, over loopback TCP. It is what a firewall that drops
packets does, as an application sees it: nothing is closed, nothing is refused.
"""

import socket
import threading


class Middle:
    def __init__(self, redis):
        self.redis = redis
        self.requests_lost = self.answers_lost = False
        self.lock = threading.Condition()
        self.swallowed = 0    # pieces that were not passed on
        self.accepted = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "redis://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self.redis.socket)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.sockets += [near, far]
                self.accepted += 1
                self.lock.notify_all()
            for pump, args in ((self._requests, (near, far)), (self._answers, (far, near))):
                threading.Thread(target=pump, args=args, daemon=True).start()

    def _lost(self):
        with self.lock:
            self.swallowed += 1
            self.lock.notify_all()

    def _requests(self, near, far):
        while True:
            try:
                data = near.recv(65536)
            except OSError:
                data = b""
            if not data:
                _shut(far)
                return
            if self.requests_lost:
                self._lost()
                continue
            try:
                far.sendall(data)
            except OSError:
                return

    def _answers(self, far, near):
        while True:
            try:
                data = far.recv(65536)
                if not data:
                    _shut(near)
                    return
                if self.answers_lost:
                    self._lost()
                    continue
                near.sendall(data)
            except OSError:
                _shut(near)
                return

    def wait_swallowed(self, least=1, timeout=100):
        with self.lock:
            assert self.lock.wait_for(lambda: self.swallowed >= least, timeout)

    def close(self):
        _shut(self.listener)
        self.listener.close()
        for one in self.sockets:
            _shut(one)
            one.close()


def _shut(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
