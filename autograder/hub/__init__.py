"""A JupyterHub for the course: people, servers, formgrader and exchange from one command.

Theory of operation
-------------------
``course hub`` checks what can go wrong before anything is started (launch.py), and
becomes JupyterHub (serve.py) with a configuration of three lines
(jupyterhub_config.py), which calls ``configure`` (settings.py). From there:

    roster.py        data/roster.csv: who takes part, and as what
    passwords.py     scrypt hashes in data/hub/passwords, mode 0600
    throttle.py      failed logins wait
    authenticator.py login by roster and password, or by roster and an OIDC provider
    roles.py         groups, roles and scopes: what each may do
    profiles.py      a profile of course_config.py in the words of each spawner
    spawners.py      which spawner, and what a server finds in its environment
    services.py      exchange, formgrader and idle culler as services of the hub
    formgrader.py    a server that shows formgrader and nothing else: no kernel, no files
    tether.py        a service ends with its hub, also when the hub is killed

and what makes waiting short:

    serve.py         the hub's program: app.py shows pages before the services are up
    singleuser.py    the program of a person's server, without late_imports.py
    buttons.py       nbgrader's buttons, loaded when that server is already up

The hub keeps everything in ``data/hub``: its database, cookie secret, passwords, tokens
of services and, for the local spawner, the home folders.
"""
