"""Settings of a plugin's scenario step, as its script reads them."""

import json
import os


def get_step_config():
    return json.loads(os.environ["DKU_PLUGIN_STEP_CONFIG"])


def get_plugin_config():
    return json.loads(os.environ["DKU_PLUGIN_CONFIG"])


def get_step_resource():
    return os.environ["DKU_CUSTOM_RESOURCE_FOLDER"]
