"""Nodes in a simulated world where what can go wrong does: see `omniroute.faults.world`."""
