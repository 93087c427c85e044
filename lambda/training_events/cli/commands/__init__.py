"""The commands of `training-events`, one a file: a module and its function bear the command's name."""

GROUPS = {
    "Ask": {
        "runs": "List the runs, newest first or sorted.",
        "models": "List the models, and what serves each stage.",
        "datasets": "List the datasets, newest first.",
        "serving": "List what serves each stage, now or at any time.",
        "show": "Print the state of a stream, now or at any time.",
        "compare": "Tell what differs between runs: inputs first, then metrics.",
        "lineage": "Print where something came from and what became of it.",
        "history": "Print the events of a stream, in the order they occurred.",
        "watch": "Watch a run until it ends.",
        "report": "Write one HTML file that shows what happened.",
        "ui": "Serve pages to look at in a browser.",
    },
    "Say": {
        "tag": "Give streams tags, or remove some.",
        "describe": "Give a stream a description, a name to show, or both.",
        "hide": "Leave streams out of lists, until they are restored.",
        "restore": "Show hidden streams in lists again.",
        "record": "Record one event.",
        "flush": "Send the events that recorders had to leave on disk.",
    },
    "Train": {
        "request": "Ask for a training by a recipe.",
        "recipes": "List the recipes of trainings, pause one, or resume it.",
        "worker": "Run the trainings that are requested in the log.",
    },
    "Prove": {
        "verify": "Check that streams are complete and as recorded.",
        "checkpoint": "Print the newest signed checkpoint of the whole log.",
        "evidence": "Write one file that proves what the log holds of something.",
    },
    "Repeat": {
        "reproduce": "Tell what of a run is pinned, and do it again.",
    },
    "Exchange": {
        "import": "Record what a store of MLflow has.",
        "export": "Write the log for other tools.",
    },
    "Operate": {
        "rebuild": "Fold all read models again from the log.",
        "replay": "Send the archived events of a period over the bus again.",
        "undelivered": "List what could not be recorded, and why.",
        "redrive": "Send again what could not be recorded.",
        "reconcile": "Record the states of SageMaker's jobs that never arrived.",
    },
}
"""By what they are for, each with the first line of its help, in the order in which the program's help lists them."""

COMMANDS = {name: line for group in GROUPS.values() for name, line in group.items()}
