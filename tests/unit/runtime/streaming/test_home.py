from pathlib import Path

import pytest

from services.runtime.streaming.home import AlreadyRunning, Home


class TestHome:
    def test_is_a_directory_of_the_processor_and_worker(self, tmp_path: Path) -> None:
        home = Home(tmp_path, "sessions.v1", "pod-0")
        assert home.path == tmp_path / "workers" / "sessions.v1" / "pod-0"
        assert home.path.is_dir()
        assert home.worker_id == "pod-0"

    def test_makes_a_worker_id_and_keeps_it(self, tmp_path: Path) -> None:
        first = Home(tmp_path, "sessions.v1")
        first.leave()
        again = Home(tmp_path, "sessions.v1")
        assert again.worker_id == first.worker_id
        assert first.worker_id.startswith("sessions.v1-")

    def test_makes_another_id_in_another_directory(self, tmp_path: Path) -> None:
        assert Home(tmp_path / "a", "sessions.v1").worker_id != Home(tmp_path / "b", "sessions.v1").worker_id

    def test_refuses_a_second_process_and_says_what_to_do(self, tmp_path: Path) -> None:
        home = Home(tmp_path, "sessions.v1", "pod-0")
        with pytest.raises(AlreadyRunning, match="WATTLOG_WORKER_ID"):
            Home(tmp_path, "sessions.v1", "pod-0")
        home.leave()
        Home(tmp_path, "sessions.v1", "pod-0").leave()

    def test_lets_workers_with_other_ids_and_other_processors_in(self, tmp_path: Path) -> None:
        homes = [
            Home(tmp_path, "sessions.v1", "pod-0"),
            Home(tmp_path, "sessions.v1", "pod-1"),
            Home(tmp_path, "cdrs.v1", "pod-0"),
        ]
        assert len({home.path for home in homes}) == 3
