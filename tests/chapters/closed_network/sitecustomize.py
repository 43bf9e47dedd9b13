"""Closes the network to a Python that has this folder on its path: what is asked for raises.

Kernels of the tests talk through unix sockets, so nothing they need is lost.
"""

import socket

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_MESSAGE = "the network is closed in the tests of chapters"


class ClosedSocket(socket.socket):
    """A socket that reaches no other machine, nor this one by way of the internet."""

    def _refuse(self):
        if self.family in _INTERNET:
            raise PermissionError(_MESSAGE)

    def connect(self, address):
        self._refuse()
        return super().connect(address)

    def connect_ex(self, address):
        self._refuse()
        return super().connect_ex(address)

    def sendto(self, *arguments):
        self._refuse()
        return super().sendto(*arguments)


def refuse(*_, **__):
    raise PermissionError(_MESSAGE)


socket.socket = ClosedSocket
socket.getaddrinfo = refuse
socket.gethostbyname = refuse
