"""LogSettings, TraceSetting, and shared memory, which is refused in Triton's words."""

import unittest

from protocol import Served, Tensor, add_cases, numbers, pb, request

LOG_KEYS = {"log_file", "log_info", "log_warning", "log_error", "log_verbose_level", "log_format"}


def log_settings(**settings):
    message = pb.LogSettingsRequest()
    for name, value in settings.items():
        if isinstance(value, bool):
            message.settings[name].bool_param = value
        elif isinstance(value, int):
            message.settings[name].uint32_param = value
        else:
            message.settings[name].string_param = value
    return message


def plain(answer) -> dict[str, object]:
    return {name: getattr(value, value.WhichOneof("parameter_choice"))
            for name, value in answer.settings.items()}


class LogSettings(Served):
    MODELS = ("double",)

    def tearDown(self):
        self.call("LogSettings", log_settings(log_info=True, log_warning=True, log_error=True,
                                              log_verbose_level=0))

    def set(self, **settings) -> dict[str, object]:
        return plain(self.call("LogSettings", log_settings(**settings)))

    def test_empty_settings_only_read(self):
        settings = self.set()
        self.assertLessEqual(LOG_KEYS - {"log_file"}, set(settings))
        self.assertLessEqual(set(settings), LOG_KEYS)
        self.assertEqual((settings["log_info"], settings["log_warning"], settings["log_error"]),
                         (True, True, True))
        self.assertEqual(settings["log_verbose_level"], 0)

    def test_the_answer_holds_what_was_set(self):
        self.assertEqual(self.set(log_verbose_level=1)["log_verbose_level"], 1)
        self.assertEqual(self.set()["log_verbose_level"], 1)

    def test_information_can_be_switched_off_and_on(self):
        self.assertIs(self.set(log_info=False)["log_info"], False)
        self.assertIs(self.set()["log_info"], False)
        self.assertIs(self.set(log_info=True)["log_info"], True)

    def test_several_settings_change_at_once(self):
        settings = self.set(log_info=False, log_verbose_level=0)
        self.assertIs(settings["log_info"], False)

    def test_a_wrong_setting_changes_nothing_of_the_others(self):
        self.refused("INVALID_ARGUMENT", "log_colour", "LogSettings",
                     log_settings(log_info=False, log_colour=True))
        self.assertIs(self.set()["log_info"], True)


def check_log(case: LogSettings, code: str, says: str, settings: dict) -> None:
    case.refused(code, says, "LogSettings", log_settings(**settings))


add_cases(LogSettings, check_log, {
    "an unknown log setting is refused": ("INVALID_ARGUMENT", "log_colour", {"log_colour": True}),
    "a log level of another type is refused": (
        "INVALID_ARGUMENT", "log_info", {"log_info": "yes"}),
    "a verbose level of another type is refused": (
        "INVALID_ARGUMENT", "log_verbose_level", {"log_verbose_level": True}),
    "the log file cannot be changed over the network": (
        "UNIMPLEMENTED", "can not be updated through network protocol", {"log_file": "/tmp/x"}),
    "a log format that nobody knows is refused": (
        "INVALID_ARGUMENT", "log_format", {"log_format": "xml"}),
})


class LogEffect(Served):
    MODELS = ("double", "pair", "raises")
    ARGUMENTS = ("--model_control=explicit",)

    def test_lines_of_a_level_that_is_off_are_not_written(self):
        def load(name: str) -> None:
            self.call("RepositoryModelLoad", pb.RepositoryModelLoadRequest(model_name=name))
        load("double")
        self.call("LogSettings", log_settings(log_info=False))
        load("pair")
        self.call("LogSettings", log_settings(log_info=True))
        load("raises")
        # Lines come in order, so what was said of `pair` would stand before this one.
        self.server.wait_for_log('"model":"raises"')
        self.assertIn('"model":"double"', self.server.errors)
        self.assertNotIn('"model":"pair"', self.server.errors)


class TraceSetting(Served):
    MODELS = ("double",)

    def test_settings_can_be_read(self):
        answer = self.call("TraceSetting")
        self.assertEqual(list(answer.settings["trace_level"].value), ["OFF"])

    def test_settings_of_a_model_can_be_read(self):
        answer = self.call("TraceSetting", pb.TraceSettingRequest(model_name="double"))
        self.assertEqual(list(answer.settings["trace_level"].value), ["OFF"])

    def test_settings_of_an_unknown_model_are_refused(self):
        self.refused("NOT_FOUND", "unknown model: 'nobody'", "TraceSetting",
                     pb.TraceSettingRequest(model_name="nobody"))

    def test_the_trace_file_cannot_be_changed_over_the_network(self):
        message = pb.TraceSettingRequest()
        message.settings["trace_file"].value.append("/tmp/x")
        self.refused("UNIMPLEMENTED", "can not be updated through network protocol", "TraceSetting",
                     message)

    def test_a_level_that_is_not_offered_is_refused_with_a_reason(self):
        message = pb.TraceSettingRequest()
        message.settings["trace_level"].value.append("TENSORS")
        self.refused("UNIMPLEMENTED", "trace", "TraceSetting", message)

    def test_an_unknown_setting_is_refused(self):
        message = pb.TraceSettingRequest()
        message.settings["trace_colour"].value.append("red")
        self.refused("UNIMPLEMENTED", "trace", "TraceSetting", message)


class SharedMemory(Served):
    MODELS = ("double",)

    def test_an_input_in_shared_memory_is_unimplemented(self):
        tensor = Tensor("x", "FP32", (1, 1), parameters={
            "shared_memory_region": "r", "shared_memory_byte_size": 4})
        self.refused("UNIMPLEMENTED", "shared memory", "ModelInfer", request("double", tensor))

    def test_an_output_in_shared_memory_is_unimplemented(self):
        output = ("y", {"shared_memory_region": "r", "shared_memory_byte_size": 4})
        self.refused("UNIMPLEMENTED", "shared memory", "ModelInfer",
                     request("double", numbers("x", 1), outputs=[output]))


def check_shared_memory(case: SharedMemory, method: str) -> None:
    case.refused("UNIMPLEMENTED", "Client shared memory is disabled", method, None)


add_cases(SharedMemory, check_shared_memory, {
    f"{method} is unimplemented in the words of Triton": (method,)
    for method in ("SystemSharedMemoryStatus", "SystemSharedMemoryRegister",
                   "SystemSharedMemoryUnregister", "CudaSharedMemoryStatus",
                   "CudaSharedMemoryRegister", "CudaSharedMemoryUnregister")
})


if __name__ == "__main__":
    unittest.main()
