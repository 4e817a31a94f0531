"""A JupyterHub for the course: people, servers, formgrader and exchange from one command.

Theory of operation
-------------------
``course hub`` checks what can go wrong before anything is started (process/launch.py), and
becomes JupyterHub (process/serve.py) with a configuration of three lines
(process/jupyterhub_config.py), which calls ``configure`` (process/settings.py). From there:

    people/roster.py         data/roster.csv: who takes part, and as what
    people/passwords.py      scrypt hashes in data/hub/passwords, mode 0600
    people/throttle.py       failed logins wait
    people/authenticator.py  login by roster and password, or by roster and an OIDC provider
    people/roles.py          groups, roles and scopes: what each may do
    servers/profiles.py      a profile of course_config.py in the words of each spawner
    servers/spawners.py      which spawner, and what a server finds in its environment
    servers/formgrader.py    a server that shows formgrader and nothing else: no kernel, no files
    process/services.py      exchange, formgrader and idle culler as services of the hub
    process/tether.py        a service ends with its hub, also when the hub is killed

and what makes waiting short:

    process/serve.py         the hub's program: app.py shows pages before the services are up
    servers/singleuser.py    the program of a person's server, without late_imports.py
    servers/buttons.py       nbgrader's buttons, loaded when that server is already up

``settings.py`` and ``options.py`` beside the folders are for configuration files of other places.
The hub keeps everything in ``data/hub``: its database, cookie secret, passwords, tokens
of services and, for the local spawner, the home folders.
"""

# Modules of this package that other packages import.
FACE = ("people.departures", "people.passwords", "people.roster", "process.launch", "process.options")
