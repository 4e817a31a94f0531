"""What the demo made is found: commands that find nothing say where it is."""

from tests.batch.small import UNIT, in_process


def test_commands_say_where_the_demo_s_results_are(root, monkeypatch, capfd):
    """Where there was a demo, and only there; with the folder that is to be named."""
    words = (["report"], ["explain", UNIT, "student-001"])
    for each in words:
        assert in_process(each, root, monkeypatch) == 2
        assert "COURSE_DATA" not in capfd.readouterr().err
    folder = root / "data" / "demo"
    folder.mkdir(parents=True)
    for each in words:
        assert in_process(each, root, monkeypatch) == 2
        assert f"COURSE_DATA={folder} before 'course {each[0]}'" in capfd.readouterr().err
