"""Settings of a plugin webapp, as its backend reads them; frozen when it starts."""

import json
import os


def get_webapp_config():
    return json.loads(os.environ.get("DKU_CUSTOM_WEBAPP_CONFIG"))


def get_plugin_config():
    return json.loads(os.environ["DKU_PLUGIN_CONFIG"])


def get_webapp_resource():
    return os.environ["DKU_CUSTOM_RESOURCE_FOLDER"]


def get_plugin_settings(config=None):
    return get_webapp_config() if config is None else config
