"""What Glue starts. The job itself is in the client's wheel, which Glue has installed before."""

import runpy

runpy.run_module("training_events.analytics.job", run_name="__main__", alter_sys=True)
