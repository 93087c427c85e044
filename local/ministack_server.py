"""MiniStack, with changes for behaviour of AWS that it lacks and this project's stack needs.

    python ministack_server.py

Runs in the emulators' virtual environment. Each change is for MiniStack 1.5.33, and is removed when MiniStack has it.
"""

import json
import threading
from contextvars import ContextVar
from typing import Any

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.services import eventbridge, lambda_svc, s3

# How many functions run at the same time. On AWS the limit is the account's concurrency.
AT_ONCE = 4

free = threading.BoundedSemaphore(AT_ONCE)
execute = lambda_svc._execute_function  # noqa: SLF001 - MiniStack has no public way in
condition_key = iam_evaluator._resolve_condition_key  # noqa: SLF001
s3_keys = iam_actions.s3_service_context
notify = s3._fire_s3_event  # noqa: SLF001
dispatch = eventbridge._dispatch_event  # noqa: SLF001
version_of_object: ContextVar[str | None] = ContextVar("version_of_object", default=None)


def execute_when_free(function: dict[str, Any], event: Any) -> Any:
    """Wait until a function may run. Lambda queues an asynchronous event until an environment is free; MiniStack starts a new
    process for each at once, and drops the event if there are too many.
    """
    with free:
        result = execute(function, event)
    return result | {"error": True} if partly_failed(event, result.get("body")) else result


def partly_failed(event: Any, answer: Any) -> bool:
    """Whether the function reports failed records of a change stream. Lambda hands those over again; MiniStack treats them as
    done. Here the whole batch comes again, which may happen on AWS too.
    """
    of_a_change_stream = isinstance(event, dict) and event.get("Records", [{}])[0].get("eventSource") == "aws:dynamodb"
    answer = json.loads(answer) if of_a_change_stream and isinstance(answer, str | bytes) else answer
    return of_a_change_stream and isinstance(answer, dict) and bool(answer.get("batchItemFailures"))


def dispatch_to_lambda(arn: str, payload: str) -> None:
    """Invoke asynchronously, as EventBridge does: with retries, then the on-failure destination. MiniStack does so for all
    other asynchronous invocations, but drops an event of EventBridge if its function fails.
    """
    function, configuration, _ = lambda_svc._get_func_record_for_ref(arn)  # noqa: SLF001
    if function and configuration:
        record = lambda_svc._execution_record_for_config(function, configuration)  # noqa: SLF001
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def condition_key_as_over_tls(key: str, context: Any) -> Any:
    """Requests never leave this machine, so they count as TLS: a policy that requires TLS would refuse all of them."""
    return "true" if key.lower() == "aws:securetransport" else condition_key(key, context)


def s3_keys_of_conditional_writes(action: str, query: Any, path: str = "", headers: Any = None) -> dict[str, Any]:
    """Policies can require a conditional write. MiniStack supports such writes, but does not show the condition to policies."""
    condition = (headers or {}).get("if-none-match")
    keys: dict[str, Any] = s3_keys(action, query, path, headers)
    return keys | {"s3:if-none-match": condition} if condition else keys


def notify_with_version(*event: Any, version_id: str | None = None, **more: Any) -> None:
    """S3 tells EventBridge which version of an object was made. MiniStack tells this to queues and functions alone."""
    version_of_object.set(version_id)  # each event of S3 has a thread of its own
    notify(*event, version_id=version_id, **more)


def dispatch_with_version(event: dict[str, Any], *more: Any) -> Any:
    version = version_of_object.get()
    if version and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = event | {"Detail": json.dumps(detail)}
    return dispatch(event, *more)


lambda_svc._execute_function = execute_when_free  # noqa: SLF001
eventbridge._dispatch_to_lambda = dispatch_to_lambda  # noqa: SLF001
iam_evaluator._resolve_condition_key = condition_key_as_over_tls  # noqa: SLF001
s3._fire_s3_event = notify_with_version  # noqa: SLF001
eventbridge._dispatch_event = dispatch_with_version  # noqa: SLF001
iam_actions.s3_service_context = s3_keys_of_conditional_writes

if __name__ == "__main__":
    main()
