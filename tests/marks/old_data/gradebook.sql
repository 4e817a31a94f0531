BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
INSERT INTO "alembic_version" VALUES('e43177bfe90b');
CREATE TABLE assignment (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	duedate DATETIME, 
	course_id VARCHAR(128) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	FOREIGN KEY(course_id) REFERENCES course (id)
);
INSERT INTO "assignment" VALUES('cbf17d7017e446a39962128b61f14740','little','2030-01-01 00:00:00.000000','little');
CREATE TABLE base_cell (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	notebook_id VARCHAR(32) NOT NULL, 
	type VARCHAR(50), 
	PRIMARY KEY (id), 
	UNIQUE (name, notebook_id, type), 
	FOREIGN KEY(notebook_id) REFERENCES notebook (id)
);
INSERT INTO "base_cell" VALUES('13408d17fcad459a92c1a92995cddf5c','points-windows','c0c146982aa5475db50928b6a3cb393b','GradeCell');
INSERT INTO "base_cell" VALUES('1b73ac5ad7ee44f5a7fda535f55e34d4','points-dense_forward','c0c146982aa5475db50928b6a3cb393b','GradeCell');
INSERT INTO "base_cell" VALUES('a9ac1d5d47184ebc86cddc573f98d390','points-dense_backward','c0c146982aa5475db50928b6a3cb393b','GradeCell');
INSERT INTO "base_cell" VALUES('8da32d4c85d845f682fdee58f3276ecf','points-dense_class','c0c146982aa5475db50928b6a3cb393b','GradeCell');
INSERT INTO "base_cell" VALUES('88c1263362d6469b8ee64821fa764295','points-sgd','c0c146982aa5475db50928b6a3cb393b','GradeCell');
INSERT INTO "base_cell" VALUES('6fb7d6730b1b4da39e3d43c08e1d8432','why','c0c146982aa5475db50928b6a3cb393b','GradeCell');
INSERT INTO "base_cell" VALUES('65ea2ef31b234e6e8a440e87f0f26501','windows','c0c146982aa5475db50928b6a3cb393b','SolutionCell');
INSERT INTO "base_cell" VALUES('d331f421fd754d799829d9f008154218','dense_forward','c0c146982aa5475db50928b6a3cb393b','SolutionCell');
INSERT INTO "base_cell" VALUES('caabc0f752a9490ab1a040c1def52fdd','dense_backward','c0c146982aa5475db50928b6a3cb393b','SolutionCell');
INSERT INTO "base_cell" VALUES('1fa2e473acf4460e83a15f0d76fc934e','dense_class','c0c146982aa5475db50928b6a3cb393b','SolutionCell');
INSERT INTO "base_cell" VALUES('5dd2acd228db48e9af6f80e1e2e24ef3','sgd','c0c146982aa5475db50928b6a3cb393b','SolutionCell');
INSERT INTO "base_cell" VALUES('57f7648d883d4d9a852054c9591fa3e3','why','c0c146982aa5475db50928b6a3cb393b','SolutionCell');
CREATE TABLE comment (
	id VARCHAR(32) NOT NULL, 
	notebook_id VARCHAR(32), 
	cell_id VARCHAR(32), 
	auto_comment TEXT, 
	manual_comment TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (cell_id, notebook_id), 
	FOREIGN KEY(notebook_id) REFERENCES submitted_notebook (id), 
	FOREIGN KEY(cell_id) REFERENCES base_cell (id)
);
INSERT INTO "comment" VALUES('1c65d1839fc867d40df090c75a2bce9f','fe7e8f897c124a69621afdd08c727d5e','65ea2ef31b234e6e8a440e87f0f26501','0 of 3 checks passed.

Whole windows are counted: MISSING. windows is not written yet: NotImplementedError was raised in cell 7, line 15: `raise NotImplementedError("windows is not written yet")`.

Where no window fits there are none: MISSING. windows is not written yet: NotImplementedError was raised in cell 7, line 15: `raise NotImplementedError("windows is not written yet")`.

A stride below 1 is refused: MISSING. windows is not written yet: NotImplementedError was raised in cell 7, line 15: `raise NotImplementedError("windows is not written yet")`.',NULL);
INSERT INTO "comment" VALUES('c1dcc916d1038968c0a9e31a989126c2','fe7e8f897c124a69621afdd08c727d5e','d331f421fd754d799829d9f008154218','4 of 4 checks passed.',NULL);
INSERT INTO "comment" VALUES('2c91196f2281f55756cec7c0c95eb35e','fe7e8f897c124a69621afdd08c727d5e','caabc0f752a9490ab1a040c1def52fdd','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('f295deb44410bafa40d86cb1edf751ed','fe7e8f897c124a69621afdd08c727d5e','1fa2e473acf4460e83a15f0d76fc934e','1 of 1 checks passed.',NULL);
INSERT INTO "comment" VALUES('4243d557d5289bdb54c878d7f5f121ee','fe7e8f897c124a69621afdd08c727d5e','5dd2acd228db48e9af6f80e1e2e24ef3','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('1b73c03e274c28a23b1e2bad24bf16f7','fe7e8f897c124a69621afdd08c727d5e','57f7648d883d4d9a852054c9591fa3e3','No response.',NULL);
INSERT INTO "comment" VALUES('bc9a5b22386e0aaba4df26110f974f96','8b3bd582a3b2dd142857ab65e7427cf0','65ea2ef31b234e6e8a440e87f0f26501','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('75eabe5d4685a7a921b06798f42a87a4','8b3bd582a3b2dd142857ab65e7427cf0','d331f421fd754d799829d9f008154218','4 of 4 checks passed.',NULL);
INSERT INTO "comment" VALUES('8df4c28a950277c1101c813c9db0b219','8b3bd582a3b2dd142857ab65e7427cf0','caabc0f752a9490ab1a040c1def52fdd','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('886ae8381488a7b421eeb6849458dbea','8b3bd582a3b2dd142857ab65e7427cf0','1fa2e473acf4460e83a15f0d76fc934e','1 of 1 checks passed.',NULL);
INSERT INTO "comment" VALUES('c5a1f89c5efff1542d33f8afc8c6a5a5','8b3bd582a3b2dd142857ab65e7427cf0','5dd2acd228db48e9af6f80e1e2e24ef3','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('38e85b6d539a3739de01e0c575f8a366','8b3bd582a3b2dd142857ab65e7427cf0','57f7648d883d4d9a852054c9591fa3e3','No response.',NULL);
INSERT INTO "comment" VALUES('c16232573b76ac786476f70ae3a442e5','58a3c8c556cd74d3569dacc07012589d','65ea2ef31b234e6e8a440e87f0f26501','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('9c2656d90e1dd414702995397107701d','58a3c8c556cd74d3569dacc07012589d','d331f421fd754d799829d9f008154218','4 of 4 checks passed.',NULL);
INSERT INTO "comment" VALUES('9372447fffce70026ebcd9ebc35e8ffe','58a3c8c556cd74d3569dacc07012589d','caabc0f752a9490ab1a040c1def52fdd','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('585cca9bdf02a19785d9e578707704cf','58a3c8c556cd74d3569dacc07012589d','1fa2e473acf4460e83a15f0d76fc934e','1 of 1 checks passed.',NULL);
INSERT INTO "comment" VALUES('e8441f0e8943fd972e80c89f6e4e1911','58a3c8c556cd74d3569dacc07012589d','5dd2acd228db48e9af6f80e1e2e24ef3','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('6bc1cf9a3337776ca308b3178d0b937a','58a3c8c556cd74d3569dacc07012589d','57f7648d883d4d9a852054c9591fa3e3',NULL,'Well said.');
INSERT INTO "comment" VALUES('f52e1a207cda4442e531bb27455a8f89','15490cab0f55de4e6c9e0534437a222d','65ea2ef31b234e6e8a440e87f0f26501','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('4b6940016ce03524d055a97c6d4c0ddc','15490cab0f55de4e6c9e0534437a222d','d331f421fd754d799829d9f008154218','4 of 4 checks passed.',NULL);
INSERT INTO "comment" VALUES('1307c805baefb68abbbcda96f2e7bc57','15490cab0f55de4e6c9e0534437a222d','caabc0f752a9490ab1a040c1def52fdd','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('6c77acd1095847eb61151ce76c5d645c','15490cab0f55de4e6c9e0534437a222d','1fa2e473acf4460e83a15f0d76fc934e','1 of 1 checks passed.',NULL);
INSERT INTO "comment" VALUES('c92f4d1846162db04af9e120570808eb','15490cab0f55de4e6c9e0534437a222d','5dd2acd228db48e9af6f80e1e2e24ef3','3 of 3 checks passed.',NULL);
INSERT INTO "comment" VALUES('4f39639540720ba842c595a7f4b9c270','15490cab0f55de4e6c9e0534437a222d','57f7648d883d4d9a852054c9591fa3e3','No response.',NULL);
CREATE TABLE course (
	id VARCHAR(128) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (id)
);
INSERT INTO "course" VALUES('little');
INSERT INTO "course" VALUES('default_course');
CREATE TABLE grade (
	id VARCHAR(32) NOT NULL, 
	notebook_id VARCHAR(32), 
	cell_id VARCHAR(32), 
	auto_score FLOAT, 
	manual_score FLOAT, 
	extra_credit FLOAT, 
	needs_manual_grade BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (cell_id, notebook_id), 
	FOREIGN KEY(notebook_id) REFERENCES submitted_notebook (id), 
	FOREIGN KEY(cell_id) REFERENCES base_cell (id)
);
INSERT INTO "grade" VALUES('4e43266f1f82651bd855e8a89e6e6cc8','fe7e8f897c124a69621afdd08c727d5e','13408d17fcad459a92c1a92995cddf5c',0.0,12.5,NULL,0);
INSERT INTO "grade" VALUES('10e54092a64777c1b26286d01d67d7f8','fe7e8f897c124a69621afdd08c727d5e','1b73ac5ad7ee44f5a7fda535f55e34d4',30.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('cc0947625e31e4a28d5547ea3a832efe','fe7e8f897c124a69621afdd08c727d5e','a9ac1d5d47184ebc86cddc573f98d390',25.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('45b0bfce5473a6477d80403792e30694','fe7e8f897c124a69621afdd08c727d5e','8da32d4c85d845f682fdee58f3276ecf',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('84568cf22770c307f6285103a14c3c99','fe7e8f897c124a69621afdd08c727d5e','88c1263362d6469b8ee64821fa764295',20.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('54b4079167d82be63631af216880525d','fe7e8f897c124a69621afdd08c727d5e','6fb7d6730b1b4da39e3d43c08e1d8432',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('78c2037d032ee860f75cd2c69a3a97b6','8b3bd582a3b2dd142857ab65e7427cf0','13408d17fcad459a92c1a92995cddf5c',15.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('53e5552d5f3a97b07b14d04495ae7431','8b3bd582a3b2dd142857ab65e7427cf0','1b73ac5ad7ee44f5a7fda535f55e34d4',30.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('8355385fb67fdc2c825764557d671870','8b3bd582a3b2dd142857ab65e7427cf0','a9ac1d5d47184ebc86cddc573f98d390',25.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('bd81a790d614583c5ca0f9d9666041c4','8b3bd582a3b2dd142857ab65e7427cf0','8da32d4c85d845f682fdee58f3276ecf',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('45f223d83835313e08494af9fe704b2a','8b3bd582a3b2dd142857ab65e7427cf0','88c1263362d6469b8ee64821fa764295',20.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('4834e0d1e9bbfea8219518d2415d8a8a','8b3bd582a3b2dd142857ab65e7427cf0','6fb7d6730b1b4da39e3d43c08e1d8432',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('5cbc622d951ece8fc4581b0022652e43','58a3c8c556cd74d3569dacc07012589d','13408d17fcad459a92c1a92995cddf5c',15.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('c28f8cab53b791c52bca2d49e7077451','58a3c8c556cd74d3569dacc07012589d','1b73ac5ad7ee44f5a7fda535f55e34d4',30.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('375e0e7c79b1cd4d1633c7149017d240','58a3c8c556cd74d3569dacc07012589d','a9ac1d5d47184ebc86cddc573f98d390',25.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('46dd54fc1b4fae9e98033dfde20cd7fb','58a3c8c556cd74d3569dacc07012589d','8da32d4c85d845f682fdee58f3276ecf',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('613c7e0e663b47e2ac21e5b0fe90ab33','58a3c8c556cd74d3569dacc07012589d','88c1263362d6469b8ee64821fa764295',20.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('d105a2b28a8c218769621944775fb662','58a3c8c556cd74d3569dacc07012589d','6fb7d6730b1b4da39e3d43c08e1d8432',NULL,3.0,NULL,0);
INSERT INTO "grade" VALUES('ea55331000c5dc4ef3b34cc3d606c6b8','15490cab0f55de4e6c9e0534437a222d','13408d17fcad459a92c1a92995cddf5c',15.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('927ba24329311d25af3f515d6c5f9486','15490cab0f55de4e6c9e0534437a222d','1b73ac5ad7ee44f5a7fda535f55e34d4',30.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('c9271ebe34f5d6f54b9d1f63855c918f','15490cab0f55de4e6c9e0534437a222d','a9ac1d5d47184ebc86cddc573f98d390',25.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('6ec664ddfce0d06b611c91b9c9968f10','15490cab0f55de4e6c9e0534437a222d','8da32d4c85d845f682fdee58f3276ecf',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('7d9202e81cf2845d4c58c49029c6e9a6','15490cab0f55de4e6c9e0534437a222d','88c1263362d6469b8ee64821fa764295',20.0,NULL,2.0,0);
INSERT INTO "grade" VALUES('bf66e56cdb61c683b3e2f41954f2e7d1','15490cab0f55de4e6c9e0534437a222d','6fb7d6730b1b4da39e3d43c08e1d8432',0.0,NULL,NULL,0);
CREATE TABLE grade_cells (
	id VARCHAR(32) NOT NULL, 
	max_score FLOAT NOT NULL, 
	cell_type VARCHAR(8) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(id) REFERENCES base_cell (id)
);
INSERT INTO "grade_cells" VALUES('13408d17fcad459a92c1a92995cddf5c',15.0,'code');
INSERT INTO "grade_cells" VALUES('1b73ac5ad7ee44f5a7fda535f55e34d4',30.0,'code');
INSERT INTO "grade_cells" VALUES('a9ac1d5d47184ebc86cddc573f98d390',25.0,'code');
INSERT INTO "grade_cells" VALUES('8da32d4c85d845f682fdee58f3276ecf',10.0,'code');
INSERT INTO "grade_cells" VALUES('88c1263362d6469b8ee64821fa764295',20.0,'code');
INSERT INTO "grade_cells" VALUES('6fb7d6730b1b4da39e3d43c08e1d8432',4.0,'markdown');
CREATE TABLE notebook (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	assignment_id VARCHAR(32), 
	kernelspec VARCHAR(1024), 
	PRIMARY KEY (id), 
	UNIQUE (name, assignment_id), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id)
);
INSERT INTO "notebook" VALUES('c0c146982aa5475db50928b6a3cb393b','little','cbf17d7017e446a39962128b61f14740','{"display_name": "Python 3", "language": "python", "name": "python3"}');
CREATE TABLE solution_cells (
	id VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(id) REFERENCES base_cell (id)
);
INSERT INTO "solution_cells" VALUES('65ea2ef31b234e6e8a440e87f0f26501');
INSERT INTO "solution_cells" VALUES('d331f421fd754d799829d9f008154218');
INSERT INTO "solution_cells" VALUES('caabc0f752a9490ab1a040c1def52fdd');
INSERT INTO "solution_cells" VALUES('1fa2e473acf4460e83a15f0d76fc934e');
INSERT INTO "solution_cells" VALUES('5dd2acd228db48e9af6f80e1e2e24ef3');
INSERT INTO "solution_cells" VALUES('57f7648d883d4d9a852054c9591fa3e3');
CREATE TABLE source_cell (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	cell_type VARCHAR(8) NOT NULL, 
	locked BOOLEAN NOT NULL, 
	source TEXT, 
	checksum VARCHAR(128), 
	notebook_id VARCHAR(32), 
	PRIMARY KEY (id), 
	UNIQUE (name, notebook_id), 
	FOREIGN KEY(notebook_id) REFERENCES notebook (id)
);
INSERT INTO "source_cell" VALUES('17ae5708fc1643158435c3715ba0f951','text-01','markdown',1,'# Little

A dense layer and its optimizer.','887e1f474afe9987e2e5e2e61d53c55f','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('499c394b5add42dca02a489e5db15f2b','setup','code',1,'# Run this cell first. Below, `grader.check(...)` runs the public checks of a task: they find gross errors
# early. The hidden checks decide the mark. Grading runs Python 3.11.
try:
    from autograder.notebook_checks import grader  # on the course''s server: checks what you saved
except ImportError:
    try:
        import otter

        grader = otter.Notebook()  # elsewhere: checks what you ran
    except ImportError:
        from types import SimpleNamespace

        def _no_checks(*tasks):
            print("The public checks need otter-grader: pip install -r requirements.txt, then restart.")

        grader = SimpleNamespace(check=_no_checks, check_all=_no_checks)','ec9d4af2f7c4a4f7d0435ab79a3173fb','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('8a15707e8c3647dcb49273968a8cf56e','code-01','code',1,'import numpy as np','48317fe853f39263c4fffab8e510380e','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('c5ec97bcc0284ff7afc66730cab2ff13','text-02','markdown',1,'## Windows','41fbac09ced0fb6554d1d18f53d3f91d','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('3a4c0590e7cd4a4c88b54376c77eb369','criteria-windows','markdown',1,'<details><summary><code>windows</code>: 15 points. What are they given for?</summary>

- 5 points: Whole windows are counted.
- 5 points: Where no window fits there are none. \*
- 5 points: A stride below 1 is refused. \*

\* This one counts only if a check of the values of this task has passed.

</details>','c6f40749af002466d5c4a5adbe1f9ef9','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('64b116f993de4035acf1cbc86444ad5d','windows','code',0,'def windows(size, kernel, stride=1):
    """How many windows of ``kernel`` places fit into ``size`` places.

    Args:
        size: places, a whole number.
        kernel: places of one window, a whole number.
        stride: places from one window to the next, a whole number above 0.

    Returns:
        A whole number; 0 where no window fits.

    Raises:
        ValueError: stride is below 1.
    """
    raise NotImplementedError("windows is not written yet")','17dc2dc9c4101365295df3c851fba1e0','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('11950abcb1cf448da3d677d7d5d960f4','check-windows','code',1,'grader.check("windows")','50ef87e0613316c825809f3490663ded','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('4fb10137bad64f298ba2bbf1dfe9de19','points-windows','code',1,'# 15 points for windows. Hidden checks give them after you submit; leave this cell as it is.
# Running it shows 0.0, which is not your mark: it only keeps the place in the gradebook.
0.0','dbdb645cdd99426e2d85e8ffaa558851','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('744cee6b72264d77b18048a443b2b493','text-03','markdown',1,'## Dense','62d838bd88f58a99d45e347ab6f83faa','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('637a95d184e743528b27ca7ed3e8bdd7','criteria-dense_forward','markdown',1,'<details><summary><code>dense_forward</code>: 30 points. What are they given for?</summary>

- 15 points: out = x w + b.
- 5 points: b may be left out.
- 5 points: float32 stays float32. \*
- 5 points: Shapes that do not fit are refused. \*

\* This one counts only if a check of the values of this task has passed.

</details>','b0f808b4c0d5be7eed12b842af94ffcb','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('70b819281f3648b4afc39ce369e3a6a7','dense_forward','code',0,'def dense_forward(x, w, b=None):
    """Scores of a dense layer.

    Args:
        x: inputs, float array of shape (N, D).
        w: weights, float array of shape (D, M).
        b: bias, float array of shape (M,), or None.

    Returns:
        A pair (out, cache): out = x w + b of shape (N, M), and whatever dense_backward needs.

    Raises:
        ValueError: x has not as many columns as w has rows.
    """
    raise NotImplementedError("dense_forward is not written yet")','a0a270a7ea22fc3aefa5247437fad52c','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('e49ac9dc1aaa43da9ca6c412abe72d89','check-dense_forward','code',1,'grader.check("dense_forward")','dbd35eceb89d2f151d97baa047160e0a','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('10701504923940aab3091baa1db7791d','points-dense_forward','code',1,'# 30 points for dense_forward. Hidden checks give them after you submit; leave this cell as it is.
# Running it shows 0.0, which is not your mark: it only keeps the place in the gradebook.
0.0','c72dde4949f46a29856d3da94598f04f','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('14bbbd13314b4b8ab067efad46a47ec9','criteria-dense_backward','markdown',1,'<details><summary><code>dense_backward</code>: 25 points. What are they given for?</summary>

- 15 points: Gradients of the inputs, and of the bias.
- 5 points: Nobody writes into the arrays that were given. \*
- 5 points: dx is the transpose of the layer at work: this check looks at values. \*

\* This one counts only if a check of the values of this task has passed.

</details>','e2c435423a2f5dc6aa1c3d0b170931df','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('d0df0cdc42a34c06a1e93ff3747ca0cc','dense_backward','code',0,'def dense_backward(dout, cache):
    """Gradients of dense_forward.

    Args:
        dout: upstream gradient, float array of shape (N, M).
        cache: what dense_forward returned.

    Returns:
        (dx, dw, db) of the shapes of x, w and b.
    """
    raise NotImplementedError("dense_backward is not written yet")','ce1545b6682de8b32d0b1983556682bc','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('35d9ee7aeeb6403da139861494623699','check-dense_backward','code',1,'grader.check("dense_backward")','66279a71b0d09f849fcad574174d1842','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('d0b68a0211194c498298282204b0b187','points-dense_backward','code',1,'# 25 points for dense_backward. Hidden checks give them after you submit; leave this cell as it is.
# Running it shows 0.0, which is not your mark: it only keeps the place in the gradebook.
0.0','8ff703c9b378f9a59d063216a46c6b9b','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('49cb8864d8c64732955c1f091f497da8','text-04','markdown',1,'## Layer','34cd4397ded5faacbc3af33094cad1d7','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('23304b40fb354f02a6b811fb45c317f7','criteria-dense_class','markdown',1,'<details><summary><code>dense_class</code>: 10 points. What are they given for?</summary>

- 10 points: A layer gives its scores and keeps its gradients.

</details>','6d53247bcfb0a73ed2b5a73493faf87d','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('1e8cb49a036d4920871c278d732e820b','dense_class','code',0,'class Dense:
    """A dense layer that remembers what it was given.

    Args:
        w: weights, float array of shape (D, M).
        b: bias, float array of shape (M,).
    """

    def __init__(self, w, b):
        """Keep the parameters; there are no gradients yet."""
        raise NotImplementedError("Dense.__init__ is not written yet")

    def forward(self, x):
        """Scores for x."""
        raise NotImplementedError("Dense.forward is not written yet")

    def backward(self, dout):
        """The gradient of x; those of the parameters are kept as w_grad and b_grad."""
        raise NotImplementedError("Dense.backward is not written yet")','4996c8e63cc7e5a1fbb21e0afcad5b07','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('99cb8d0fc30d4491bc2721a806c4931c','check-dense_class','code',1,'grader.check("dense_class")','f6f557c7f842a0dde44c2549ab5761bd','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('78a813d9ee0a4dada4a092b2b8b8e7e8','points-dense_class','code',1,'# 10 points for dense_class. Hidden checks give them after you submit; leave this cell as it is.
# Running it shows 0.0, which is not your mark: it only keeps the place in the gradebook.
0.0','213be30935d9c5e7216a9ccd10e41555','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('765fe96fa0e24ad58dde8ca50e7a5765','text-05','markdown',1,'## Optimizer','4d76e2f7db9ed1caf667a07ed169116e','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('18d5c216331340fcade4e6229381874e','criteria-sgd','markdown',1,'<details><summary><code>sgd</code>: 20 points. What are they given for?</summary>

- 10 points: Parameters move in place, with what is left of the last step.
- 5 points: lr can be changed between steps.
- 5 points: Two optimizers do not share what they remember. \*

\* This one counts only if a check of the values of this task has passed.

</details>','1cf1a63b0e40fa99a6e353d91021f31e','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('ec80f9006b094391a5172a6b9b119c47','sgd','code',0,'class SGD:
    """Gradient descent with momentum, in place.

    Args:
        params: list of float arrays, which step changes in place.
        lr: step size.
        momentum: the share of the last step that is made again.
    """

    def __init__(self, params, lr, momentum=0.0):
        """Keep the parameters; nothing has moved yet."""
        raise NotImplementedError("SGD.__init__ is not written yet")

    def step(self, grads):
        """Move each parameter along its gradient."""
        raise NotImplementedError("SGD.step is not written yet")','c85c3cdcbf6a8027b6b36d68cdc64f8d','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('236fac9dfda8493a959d8a3eb7826a97','check-sgd','code',1,'grader.check("sgd")','1cce373c5aa5a37a4f80d6387f28706f','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('25e550c4d10a40edb89e6b6ec97f88a2','points-sgd','code',1,'# 20 points for sgd. Hidden checks give them after you submit; leave this cell as it is.
# Running it shows 0.0, which is not your mark: it only keeps the place in the gradebook.
0.0','b59d30f02b93099348b9d13ced13258f','c0c146982aa5475db50928b6a3cb393b');
INSERT INTO "source_cell" VALUES('8e091c63282047ac9b39c2a2eae088b6','why','markdown',0,'Why? *Double-click here and write your answer in place of this line.*','bfa500bb90d19d18138e22811a593f5d','c0c146982aa5475db50928b6a3cb393b');
CREATE TABLE student (
	id VARCHAR(128) NOT NULL, 
	first_name VARCHAR(128), 
	last_name VARCHAR(128), 
	email VARCHAR(128), 
	lms_user_id VARCHAR(128), 
	PRIMARY KEY (id)
);
INSERT INTO "student" VALUES('student-001',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('student-004',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('student-002',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('student-003',NULL,NULL,NULL,NULL);
CREATE TABLE submitted_assignment (
	id VARCHAR(32) NOT NULL, 
	assignment_id VARCHAR(32), 
	student_id VARCHAR(128), 
	timestamp DATETIME, 
	extension DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (assignment_id, student_id), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id), 
	FOREIGN KEY(student_id) REFERENCES student (id)
);
INSERT INTO "submitted_assignment" VALUES('7589de6acab56285c6cb81c8eb701edf','cbf17d7017e446a39962128b61f14740','student-001','2030-01-01 20:00:00.000000',NULL);
INSERT INTO "submitted_assignment" VALUES('3603956345e0879ba43ebbd5c225287f','cbf17d7017e446a39962128b61f14740','student-004','2030-01-03 20:00:00.000000','1970-01-04 00:00:00.000000');
INSERT INTO "submitted_assignment" VALUES('98dc6f74853f2f6b76a054bbeca5e4ad','cbf17d7017e446a39962128b61f14740','student-002','2026-11-29 12:40:35.938082',NULL);
INSERT INTO "submitted_assignment" VALUES('1e2d3dd41a71dfdd371bd24d4e0e2304','cbf17d7017e446a39962128b61f14740','student-003','2029-12-31 20:00:00.000000',NULL);
CREATE TABLE submitted_notebook (
	id VARCHAR(32) NOT NULL, 
	assignment_id VARCHAR(32), 
	notebook_id VARCHAR(32), 
	flagged BOOLEAN, 
	late_submission_penalty FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (notebook_id, assignment_id), 
	FOREIGN KEY(assignment_id) REFERENCES submitted_assignment (id), 
	FOREIGN KEY(notebook_id) REFERENCES notebook (id)
);
INSERT INTO "submitted_notebook" VALUES('fe7e8f897c124a69621afdd08c727d5e','7589de6acab56285c6cb81c8eb701edf','c0c146982aa5475db50928b6a3cb393b',0,9.75);
INSERT INTO "submitted_notebook" VALUES('8b3bd582a3b2dd142857ab65e7427cf0','3603956345e0879ba43ebbd5c225287f','c0c146982aa5475db50928b6a3cb393b',0,NULL);
INSERT INTO "submitted_notebook" VALUES('58a3c8c556cd74d3569dacc07012589d','98dc6f74853f2f6b76a054bbeca5e4ad','c0c146982aa5475db50928b6a3cb393b',0,NULL);
INSERT INTO "submitted_notebook" VALUES('15490cab0f55de4e6c9e0534437a222d','1e2d3dd41a71dfdd371bd24d4e0e2304','c0c146982aa5475db50928b6a3cb393b',0,NULL);
CREATE TABLE task_cells (
	id VARCHAR(32) NOT NULL, 
	max_score FLOAT NOT NULL, 
	cell_type VARCHAR(8) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(id) REFERENCES base_cell (id)
);
COMMIT;
