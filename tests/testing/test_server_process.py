"""Ports for servers of tests."""

from itertools import islice

from omniroute.testing.server_process import PORTS, free_port, ports_of


def test_no_two_processes_of_pytest_are_given_the_same_port() -> None:
    shares = [set(islice(ports_of(worker), 1000)) for worker in range(8)]
    assert len(set().union(*shares)) == 8000
    assert set().union(*shares) <= set(PORTS)


def test_a_process_is_given_each_port_once() -> None:
    assert len({free_port() for _ in range(100)}) == 100
