"""What an agent tool is made of."""


class BaseAgentTool:
    def set_config(self, config, plugin_config):
        self.config = config
        self.plugin_config = plugin_config

    def get_descriptor(self, tool):
        raise NotImplementedError

    def invoke(self, input, trace):
        raise NotImplementedError

    def load_sample_query(self, tool):
        return None
