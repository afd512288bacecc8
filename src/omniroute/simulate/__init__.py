"""The same core on a virtual clock: a scenario of arrivals and agents, run in seconds.

There is no second model of queues here.  Customers who come, give up or are done, agents who
accept, finish and go home are inputs to `omniroute.core.engine.decide`, as they are in a server;
what this package adds is chance, time and the counting of what came out.
"""
