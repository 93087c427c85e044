"""A program that records a short run: `python -m benchmarks.short_program`. What it takes is mostly its start and its end."""

from training_events import record_run


def main() -> None:
    with record_run(model="benchmark") as run:
        for step in range(100):
            run.metric("loss", 1 / (step + 1), step=step)


if __name__ == "__main__":
    main()
