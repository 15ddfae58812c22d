"""The series that calls move, as /metrics writes them."""

# What is compared as a whole: nothing else among these may move.
WATCHED = (
    "tournant_calls_ended_total", "tournant_calls_expired_total", "tournant_calls_cancelled_total",
    "tournant_calls_failed_total", "tournant_model_calls_total", "tournant_admission_offered_total",
    "tournant_admission_admitted_total", "tournant_admission_rejected_total",
    "tournant_inference_jobs_total", "tournant_predictions_enqueued_total",
    "tournant_batch_rows_count", "nv_inference_request_success", "nv_inference_request_failure",
)


def ended(phase: str) -> str:
    return f'tournant_calls_ended_total{{phase="{phase}"}}'


def stopped(how: str, stage: str) -> str:
    return f'tournant_calls_{how}_total{{stage="{stage}"}}'


def answered(model: str, code: str) -> str:
    return f'tournant_model_calls_total{{model="{model}",code="{code}"}}'


def admission(what: str, criticality: str = "critical", cause: str = "") -> str:
    more = f',cause="{cause}"' if cause else ""
    return f'tournant_admission_{what}_total{{criticality="{criticality}"{more}}}'


def job(outcome: str) -> str:
    return f'tournant_inference_jobs_total{{outcome="{outcome}"}}'


def of_version(name: str, model: str, reason: str = "") -> str:
    more = f',reason="{reason}"' if reason else ""
    return f'{name}{{model="{model}",version="1"{more}}}'


ENQUEUED = "tournant_predictions_enqueued_total"
ADMITTED = (admission("offered"), admission("admitted"))


def computed(model: str) -> tuple[str, ...]:
    """What every call moves that a model has answered."""
    return (ended("Done"), answered(model, "OK"), *ADMITTED, job("ok"), ENQUEUED,
            of_version("tournant_batch_rows_count", model),
            of_version("nv_inference_request_success", model))
