"""The running scenario, as its Python steps and scripts see it."""

import json
import os

from dataiku import _host
from dataiku.core.dataset import default_project_key


class Scenario:
    """Reports, variables and messages of the run; work is done through the public API, with the run-as user's rights."""

    def __init__(self):
        self._run = json.loads(os.environ.get("LOCALDSS_SCENARIO_RUN", "{}"))

    def get_trigger_type(self):
        return self._run.get("triggerType")

    def get_trigger_name(self):
        return self._run.get("triggerName")

    def get_trigger_params(self):
        return self._run.get("triggerParams") or {}

    def get_previous_steps_outputs(self):
        return self._run.get("previousSteps") or []

    def get_all_variables(self):
        return {**self._project().get_variables()["standard"], **(self._run.get("variables") or {})}

    def set_scenario_variables(self, **variables):
        self._run.setdefault("variables", {}).update(variables)
        _host.emit(kind="variables", variables=variables)

    def add_report_item(self, object_ref, partition, report_item):
        _host.emit(kind="report", item={"target": object_ref, "partition": partition, **report_item})

    def get_message_sender(self, channel_id, type=None):
        return MessageSender(channel_id)

    def build_dataset(self, dataset_name, project_key=None, build_mode="RECURSIVE_BUILD", partitions=None, **_):
        job = self._project(project_key).new_job(build_mode)
        return job.with_output(dataset_name, partition=partitions).start_and_wait()

    def compute_dataset_metrics(self, dataset_name, partitions=None, project_key=None, **_):
        return self._project(project_key).get_dataset(dataset_name).compute_metrics(partition=partitions or "")

    def run_dataset_checks(self, dataset_name, partitions=None, project_key=None, **_):
        return self._project(project_key).get_dataset(dataset_name).run_checks(partition=partitions or "")

    def run_scenario(self, scenario_id, project_key=None, **_):
        return self._project(project_key).get_scenario(scenario_id).run_and_wait()

    def _project(self, project_key=None):
        from dataiku import api_client

        return api_client().get_project(project_key or default_project_key())


class MessageSender:
    def __init__(self, channel_id):
        self._channel_id = channel_id

    def send(self, **message):
        _host.emit(kind="message", channelId=self._channel_id, message=message)
