"""The code of a run in a folder of its own: its commit, and on top of it the patch of what that lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from training_events.catalogue.run import Code
from training_events.errors import NotLaunched
from training_events.recorder.pinning.elsewhere import repository_of
from training_events.reproduction.outside import clone_with, is_commit

if TYPE_CHECKING:
    from training_events.catalogue.run import TrainingStarted
    from training_events.reproduction.launch.processes import Output, Processes


class Checkout:
    """`folder` is the code's root, and `working_folder` the one in which its program runs. Raises NotLaunched.

    `description` tells in words what it gets.
    """

    def __init__(self, spec: TrainingStarted, below: Path, processes: Processes) -> None:
        self._code, self._processes = spec.code or Code(), processes
        if self._code.commit is None:
            raise NotLaunched("the run has recorded no commit of its code: there is nothing to check out")
        if not is_commit(self._code.commit):
            raise NotLaunched(f"the run has recorded {self._code.commit!a:.80} as its commit, which is none")
        self.folder = below / "code"
        # one outside of the repository is an empty one now, with the data that lay in it
        recorded = Path(spec.working_folder or ".")
        self._outside = recorded if recorded.is_absolute() else None
        self.working_folder = below / "working" if recorded.is_absolute() else (self.folder / recorded).resolve()
        if self._outside is None and not self.working_folder.is_relative_to(self.folder):
            raise NotLaunched(f"the working folder {recorded} is not inside of the code's repository")
        self._at_hand = clone_with(self._code)
        self.description = f"{self._code.commit} from {self._at_hand or self._code.repository}"

    def place_of(self, path: Path) -> Path | None:
        """Where a file or folder is now that was in a clone of the code, or in the working folder. None for any other."""
        root = repository_of(path / "inside")
        if root is not None and self._has_commit(root):
            return self.folder / path.relative_to(root)
        if self._outside is not None and path.is_relative_to(self._outside):
            return self.working_folder / path.relative_to(self._outside)
        return None

    def _has_commit(self, root: Path) -> bool:
        return clone_with(self._code, root) is not None

    def make(self, patch: Path | None) -> None:
        """Raises NotLaunched."""
        commit, repository = str(self._code.commit), self._code.repository
        source = self._at_hand or repository
        if source is None:
            raise NotLaunched(
                f"commit {commit} is not in the repository of this folder, and the run has recorded no address of its own:"
                " call this inside of a clone that has the commit"
            )
        self.folder.mkdir()
        # without its own hooks and templates, and with the objects of the clone at hand: nothing of that is written to
        shared = ["--shared"] if self._at_hand else []
        self._git(f"cannot clone {source}", "clone", "--quiet", "--no-checkout", "--template=", *shared, "--", str(source), ".")
        if repository is not None:
            self._git("cannot set origin", "remote", "set-url", "--", "origin", repository)
        else:
            self._git("cannot remove origin", "remote", "remove", "origin")
        if not self._has_commit(self.folder):  # it is on no branch
            self._git(f"commit {commit} is not in {source}", "fetch", "--quiet", "origin", commit)
        self._git(f"cannot check out {commit}", "checkout", "--quiet", "--detach", commit)
        self._bring_submodules()
        self._bring_large_files()
        if patch is not None:
            self._git("the kept changes do not fit the commit", "apply", "--whitespace=nowarn", str(patch))

    def _bring_submodules(self) -> None:
        """Each at the commit that the code's own commit names. They come from their own addresses."""
        if (self.folder / ".gitmodules").exists():
            command = ("submodule", "--quiet", "update", "--init", "--recursive")
            self._git("a submodule cannot be had", *command)

    def _bring_large_files(self) -> None:
        """Those that git only points to (Git LFS), from the server of the code's repository."""
        listed = self._git("cannot list files", "ls-files", "-z", ":(attr:filter=lfs)").out
        if listed:
            self._git("files in Git LFS cannot be had", "lfs", "pull")

    def _git(self, failure: str, *command: str) -> Output:
        """Raises NotLaunched with what git says, on one line."""
        output = self._processes.output(["git", *command], self.folder)
        if output.code:
            lines = [line.removeprefix("fatal: ").removeprefix("error: ") for line in output.err.splitlines() if line.strip()]
            raise NotLaunched(f"{failure}: {lines[0] if lines else f'git ended with {output.code}'}")
        return output
