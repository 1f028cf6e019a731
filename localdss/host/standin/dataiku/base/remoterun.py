"""Where dataikuapi asks for the address of the instance."""

import os


def get_env_var(name, default=None):
    return os.environ.get(name, default)
