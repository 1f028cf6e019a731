"""Agent tool: read-only questions about how the project runs."""

from dataiku.llm.agent_tools import BaseAgentTool

from opsguide import service


class OperationsTool(BaseAgentTool):
    """Reads with the rights that DSS runs the tool with; starts and changes nothing."""

    def set_config(self, config, plugin_config):
        self.plugin_config = plugin_config

    def get_descriptor(self, tool):
        return service.inquiry_descriptor()

    def invoke(self, input, trace):
        return service.answer_in_dss(input.get("input"), self.plugin_config)
