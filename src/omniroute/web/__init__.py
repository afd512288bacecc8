"""The agents' web desk, the admin's console and the API, over the one door of `application`.

Pages are made on the server and work without JavaScript; with it they stay live.  Nothing here
decides or stores anything: a page shows what a query answered, a form becomes one command.
"""
