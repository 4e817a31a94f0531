"""A JupyterHub for the course: people, servers, formgrader and exchange from one command.

Theory of operation
-------------------
``course hub`` checks what can go wrong before anything is started (process/launch.py), and
becomes JupyterHub (process/serve.py) with a configuration of three lines
(process/jupyterhub_config.py), which calls ``configure`` (process/settings.py). From there:

    people/imports.py        class lists into it, any number of times
    people/passwords.py      scrypt hashes in data/hub/passwords, mode 0600
    people/throttle.py       failed logins wait, and keep nobody else out
    people/known_browser.py  a cookie that says: this browser logged in before
    people/hashing.py        a bounded number of hashes at a time, beside the event loop
    people/authenticator.py  login by roster and password, or by roster and an OIDC provider
    people/sessions.py       what somebody is logged in with, and how all of it ends
    people/first_password.py nothing but changing it, until it is changed
    people/roles.py          groups, roles and scopes: what each may do
    servers/profiles.py      a profile of course_config.py in the words of each spawner
    servers/spawners.py      which spawner, and what a server finds in its environment
    servers/places.py        whether the place has what the profiles ask for
    servers/kube_places.py   the same of a cluster's nodes
    servers/slurm_job.py     a server as a job, with slurm_queue.py: what Slurm says, slurm_words.py: in words
    servers/kube_pod.py      a server as a pod, with kube_words.py: in words, kube_nodes.py: what holds it
    servers/in_pod.py        its program, which waits for a hub that is being replaced
    servers/waited_for.py    what servers in somebody else's queue have in common
    process/taken_up.py      what a killed hub left in a queue, by left_jobs.py and left_pods.py
    gpus/                    whose turn it is, who holds which device, and who held how many for how long
    gpus/page.py             the same for instructors, who stop and grant
    gpus/kept.py             how long it is kept; all of one person, for an export or deleted
    servers/gpu_reports.py   a server says how busy its GPUs are; gpus/reports.py ends one that uses none
    servers/ending.py        when and why a server ends, which JupyterLab asks it
    servers/formgrader.py    a server that shows formgrader and nothing else: no kernel, no files
    process/services.py      exchange, formgrader and idle culler as services of the hub
    process/origins.py       a name, so an origin, for each server and service
    process/copies_apart.py  and for each copy that staff open
    process/elsewhere.py     the hub on names that are not its own
    servers/guarded.py       nothing that students wrote runs in formgrader
    doctor/                  course doctor --hub: what others could reach; --infra: what is missing
    process/left_open.py     what the options leave open, said at each start and by course doctor
    process/downstream.py    where a request came from, by the proxies that the operator named
    process/tether.py        a service ends with its hub, also when the hub is killed
    process/proxy.py         Node's proxy, installed by install_proxy.py from node/package-lock.json
    process/ports.py         the two ports that others reach, which nobody else can take
    process/unix_services.py the proxy reaches services through Unix sockets
    process/certificate.py   --tls-certificate is for the address that people use

and what makes waiting short:

    process/serve.py         the hub's program: app.py shows pages before the services are up
    servers/singleuser.py    the program of a person's server, without what is not needed
    servers/buttons.py       nbgrader's buttons, loaded when that server is already up

and our part of JupyterLab:

    lab/course-tools/        a prebuilt extension: Submit, the notice before the end; no build
    servers/lab_tools.py     what it asks the person's own server
    servers/submitting.py    the look before hand-in and hand-in, by the class that nbgrader's button uses
    servers/ends.py          when a server ends, in one variable, whatever starts it

``settings.py`` and ``options.py`` beside the folders are for configuration files of other places.
The hub keeps everything in ``data/hub``: its database, cookie secret, passwords, tokens
of services and, for the local spawner, the home folders.
"""

# Modules of this package that other packages import.
FACE = (
    "doctor",
    "gpus.book",
    "gpus.kept",
    "gpus.overview",
    "gpus.settings",
    "gpus.share",
    "install_proxy",
    "people.departures",
    "people.imports",
    "people.passwords",
    "process.launch",
    "process.left_open",
    "process.options",
)
