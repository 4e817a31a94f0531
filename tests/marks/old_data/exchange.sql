BEGIN TRANSACTION;
CREATE TABLE attempts (
	id VARCHAR(32) NOT NULL, 
	unit VARCHAR(64) NOT NULL, 
	student VARCHAR(255) NOT NULL, 
	number INTEGER NOT NULL, 
	received VARCHAR(40) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size INTEGER NOT NULL, 
	files TEXT NOT NULL, 
	receipt TEXT NOT NULL, 
	"key" VARCHAR(64), 
	PRIMARY KEY (id), 
	UNIQUE (unit, student, number), 
	UNIQUE (unit, student, "key")
);
INSERT INTO "attempts" VALUES('df05e5e98f3d4dabad7d988a84322429','little','student-002',1,'2026-11-29T12:40:35.104100+00:00','0127576d5d47751e82e1e443c59b939a6c502aafa55e870fcc51eccb0d58e9be',15021,'[["little.ipynb", "7679d46447c4d836e28b14d957e1dca9f8fcabdcec786cd5233e08e850584405", 15021]]','eyJhdHRlbXB0IjoiZGYwNWU1ZTk4ZjNkNGRhYmFkN2Q5ODhhODQzMjI0MjkiLCJjb3Vyc2UiOiJsaXR0bGUiLCJmaWxlcyI6eyJsaXR0bGUuaXB5bmIiOiI3Njc5ZDQ2NDQ3YzRkODM2ZTI4YjE0ZDk1N2UxZGNhOWY4ZmNhYmRjZWM3ODZjZDUyMzNlMDhlODUwNTg0NDA1In0sIm51bWJlciI6MSwicmVjZWl2ZWQiOiIyMDI2LTExLTI5VDEyOjQwOjM1LjEwNDEwMCswMDowMCIsInNoYTI1NiI6IjAxMjc1NzZkNWQ0Nzc1MWU4MmUxZTQ0M2M1OWI5MzlhNmM1MDJhYWZhNTVlODcwZmNjNTFlY2NiMGQ1OGU5YmUiLCJzaXplIjoxNTAyMSwic3R1ZGVudCI6InN0dWRlbnQtMDAyIiwidW5pdCI6ImxpdHRsZSJ9.7FWIQUXWPWkD4GLv-pS2pwFlQp1RWuNcJopKuI7GgeVq5eL08R3_01VTG2ruw3m13IKZFCrV3lXbSv-Qe386BA',NULL);
INSERT INTO "attempts" VALUES('9e557ce967c144eabcf550c2257414dd','little','student-002',2,'2026-11-29T12:40:35.938082+00:00','41ed78a1fcb5044d2c14701487634caf19d86e774f0998de2b96455c2f6ede39',14972,'[["little.ipynb", "7e7e39ff4b20bde7c6eccbb8ca9bc8ae8195996e922acbd4b0a8d409bd1c1d6a", 14972]]','eyJhdHRlbXB0IjoiOWU1NTdjZTk2N2MxNDRlYWJjZjU1MGMyMjU3NDE0ZGQiLCJjb3Vyc2UiOiJsaXR0bGUiLCJmaWxlcyI6eyJsaXR0bGUuaXB5bmIiOiI3ZTdlMzlmZjRiMjBiZGU3YzZlY2NiYjhjYTliYzhhZTgxOTU5OTZlOTIyYWNiZDRiMGE4ZDQwOWJkMWMxZDZhIn0sIm51bWJlciI6MiwicmVjZWl2ZWQiOiIyMDI2LTExLTI5VDEyOjQwOjM1LjkzODA4MiswMDowMCIsInNoYTI1NiI6IjQxZWQ3OGExZmNiNTA0NGQyYzE0NzAxNDg3NjM0Y2FmMTlkODZlNzc0ZjA5OThkZTJiOTY0NTVjMmY2ZWRlMzkiLCJzaXplIjoxNDk3Miwic3R1ZGVudCI6InN0dWRlbnQtMDAyIiwidW5pdCI6ImxpdHRsZSJ9.xZmcA4r4qU5zljXtM9-tyM3S5ERNmlbDAVuhZgAzoNiSDhnflqm8jr5ICmGnCnNfPsRqoA4PpmY3v0GVvvJmBg',NULL);
INSERT INTO "attempts" VALUES('0234f73bf42f40de8b5879c9bed0fd4c','little','student-003',1,'2026-11-29T12:40:36.402713+00:00','2590085e8120a662985fe8ac326288210b5f4bf99e73251d83e039c97b92ac3e',14969,'[["little.ipynb", "d9d456e156e16e3eec6159340906641ed22d83b38ff3a11ba91c75209d12d7b0", 14969]]','eyJhdHRlbXB0IjoiMDIzNGY3M2JmNDJmNDBkZThiNTg3OWM5YmVkMGZkNGMiLCJjb3Vyc2UiOiJsaXR0bGUiLCJmaWxlcyI6eyJsaXR0bGUuaXB5bmIiOiJkOWQ0NTZlMTU2ZTE2ZTNlZWM2MTU5MzQwOTA2NjQxZWQyMmQ4M2IzOGZmM2ExMWJhOTFjNzUyMDlkMTJkN2IwIn0sIm51bWJlciI6MSwicmVjZWl2ZWQiOiIyMDI2LTExLTI5VDEyOjQwOjM2LjQwMjcxMyswMDowMCIsInNoYTI1NiI6IjI1OTAwODVlODEyMGE2NjI5ODVmZThhYzMyNjI4ODIxMGI1ZjRiZjk5ZTczMjUxZDgzZTAzOWM5N2I5MmFjM2UiLCJzaXplIjoxNDk2OSwic3R1ZGVudCI6InN0dWRlbnQtMDAzIiwidW5pdCI6ImxpdHRsZSJ9.GWLFtFCM8BZVF8QhT8MvpvVvjOcs6uP_UpX8-E567KsdkPyEdMaSG29deeCj-_3qYNYWnx17yMlBs5yEq38FBw',NULL);
CREATE TABLE feedback (
	attempt VARCHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	moment VARCHAR(40) NOT NULL, 
	PRIMARY KEY (attempt, name)
);
CREATE TABLE openings (
	unit VARCHAR(64) NOT NULL, 
	student VARCHAR(255) NOT NULL, 
	about VARCHAR(64) NOT NULL, 
	moment FLOAT NOT NULL, 
	PRIMARY KEY (unit, student, about)
);
CREATE TABLE queue (
	place INTEGER NOT NULL, 
	attempt VARCHAR(32) NOT NULL, 
	worker VARCHAR(64) NOT NULL, 
	lease FLOAT NOT NULL, 
	tries INTEGER NOT NULL, 
	trouble TEXT NOT NULL, 
	PRIMARY KEY (place), 
	UNIQUE (attempt)
);
CREATE TABLE releases (
	id INTEGER NOT NULL, 
	unit VARCHAR(64) NOT NULL, 
	version VARCHAR(64) NOT NULL, 
	moment VARCHAR(40) NOT NULL, 
	"by" VARCHAR(255) NOT NULL, 
	files TEXT NOT NULL, 
	withdrawn BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE results (
	attempt VARCHAR(32) NOT NULL, 
	graded VARCHAR(40) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	explained VARCHAR(64) NOT NULL, 
	score FLOAT, 
	max_score FLOAT NOT NULL, 
	bonus FLOAT NOT NULL, 
	content TEXT NOT NULL, 
	PRIMARY KEY (attempt)
);
INSERT INTO "results" VALUES('df05e5e98f3d4dabad7d988a84322429','2026-11-29T12:40:35.917660+00:00','e269b7851d8956bf542bd1139d11032d5a6c85bc7897ad895b74d45a875f5dfb','1c0634499516041dad8c5c4677c7f476a40edc295693c7147def9847377bdcea',45.0,100.0,0.0,'{
 "unit": "little",
 "student": "student-002",
 "score": 45.0,
 "max_score": 100.0,
 "checks": [
  {"id": "test_windows", "task": "windows", "title": "Whole windows are counted.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_windows_none", "task": "windows", "title": "Where no window fits there are none.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_windows_refuses", "task": "windows", "title": "A stride below 1 is refused.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward", "task": "dense_forward", "title": "out = x w + b.", "points": 15.0, "earned": 15.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_without_bias", "task": "dense_forward", "title": "b may be left out.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_dtype", "task": "dense_forward", "title": "float32 stays float32.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_refuses", "task": "dense_forward", "title": "Shapes that do not fit are refused.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward", "task": "dense_backward", "title": "Gradients of the inputs, and of the bias.", "points": 15.0, "earned": 0.0, "verdict": "MISSING", "reason": "dense_backward is not written yet: NotImplementedError was raised in cell 16, line 11: `raise NotImplementedError(\"dense_backward is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward_leaves_alone", "task": "dense_backward", "title": "Nobody writes into the arrays that were given.", "points": 5.0, "earned": 0.0, "verdict": "MISSING", "reason": "dense_backward is not written yet: NotImplementedError was raised in cell 16, line 11: `raise NotImplementedError(\"dense_backward is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_layer", "task": "dense_class", "title": "A layer gives its scores and keeps its gradients.", "points": 10.0, "earned": 0.0, "verdict": "MISSING", "reason": "Dense is not written yet: NotImplementedError was raised in cell 21, line 11: `raise NotImplementedError(\"Dense.__init__ is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd", "task": "sgd", "title": "Parameters move in place, with what is left of the last step.", "points": 10.0, "earned": 0.0, "verdict": "MISSING", "reason": "SGD is not written yet: NotImplementedError was raised in cell 26, line 12: `raise NotImplementedError(\"SGD.__init__ is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd_rate", "task": "sgd", "title": "lr can be changed between steps.", "points": 5.0, "earned": 0.0, "verdict": "MISSING", "reason": "SGD is not written yet: NotImplementedError was raised in cell 26, line 12: `raise NotImplementedError(\"SGD.__init__ is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd_twice", "task": "sgd", "title": "Two optimizers do not share what they remember.", "points": 5.0, "earned": 0.0, "verdict": "MISSING", "reason": "SGD is not written yet: NotImplementedError was raised in cell 26, line 12: `raise NotImplementedError(\"SGD.__init__ is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward_adjoint", "task": "dense_backward", "title": "dx is the transpose of the layer at work: this check looks at values.", "points": 5.0, "earned": 0.0, "verdict": "MISSING", "reason": "dense_backward is not written yet: NotImplementedError was raised in cell 16, line 11: `raise NotImplementedError(\"dense_backward is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []}
 ],
 "healed": [],
 "isolation": "walled",
 "digest": "e269b7851d8956bf542bd1139d11032d5a6c85bc7897ad895b74d45a875f5dfb",
 "explained": "1c0634499516041dad8c5c4677c7f476a40edc295693c7147def9847377bdcea",
 "seconds": 0.1005,
 "bonus": 0.0,
 "max_bonus": 0.0,
 "loaded": "slice",
 "submitted": "2026-11-29T12:40:35.104100+00:00",
 "source": "little.ipynb",
 "flags": [],
 "sealed": false
}
');
INSERT INTO "results" VALUES('9e557ce967c144eabcf550c2257414dd','2026-11-29T12:40:36.054492+00:00','3dc55fe6ceee6bbc5f16809c16342e37a8bb8a3387861a5517a966d9416cd21d','1c0634499516041dad8c5c4677c7f476a40edc295693c7147def9847377bdcea',100.0,100.0,0.0,'{
 "unit": "little",
 "student": "student-002",
 "score": 100.0,
 "max_score": 100.0,
 "checks": [
  {"id": "test_windows", "task": "windows", "title": "Whole windows are counted.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_windows_none", "task": "windows", "title": "Where no window fits there are none.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_windows_refuses", "task": "windows", "title": "A stride below 1 is refused.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward", "task": "dense_forward", "title": "out = x w + b.", "points": 15.0, "earned": 15.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_without_bias", "task": "dense_forward", "title": "b may be left out.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_dtype", "task": "dense_forward", "title": "float32 stays float32.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_refuses", "task": "dense_forward", "title": "Shapes that do not fit are refused.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward", "task": "dense_backward", "title": "Gradients of the inputs, and of the bias.", "points": 15.0, "earned": 15.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward_leaves_alone", "task": "dense_backward", "title": "Nobody writes into the arrays that were given.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_layer", "task": "dense_class", "title": "A layer gives its scores and keeps its gradients.", "points": 10.0, "earned": 10.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd", "task": "sgd", "title": "Parameters move in place, with what is left of the last step.", "points": 10.0, "earned": 10.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd_rate", "task": "sgd", "title": "lr can be changed between steps.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd_twice", "task": "sgd", "title": "Two optimizers do not share what they remember.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward_adjoint", "task": "dense_backward", "title": "dx is the transpose of the layer at work: this check looks at values.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []}
 ],
 "healed": [],
 "isolation": "walled",
 "digest": "3dc55fe6ceee6bbc5f16809c16342e37a8bb8a3387861a5517a966d9416cd21d",
 "explained": "1c0634499516041dad8c5c4677c7f476a40edc295693c7147def9847377bdcea",
 "seconds": 0.1001,
 "bonus": 0.0,
 "max_bonus": 0.0,
 "loaded": "slice",
 "submitted": "2026-11-29T12:40:35.938082+00:00",
 "source": "little.ipynb",
 "flags": [],
 "sealed": false
}
');
INSERT INTO "results" VALUES('0234f73bf42f40de8b5879c9bed0fd4c','2026-11-29T12:40:37.253728+00:00','5095534f0fe28f25b2f2b144972bec441caa5a66e0224d872ecc4118216e98c7','1c0634499516041dad8c5c4677c7f476a40edc295693c7147def9847377bdcea',80.0,100.0,0.0,'{
 "unit": "little",
 "student": "student-003",
 "score": 80.0,
 "max_score": 100.0,
 "checks": [
  {"id": "test_windows", "task": "windows", "title": "Whole windows are counted.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_windows_none", "task": "windows", "title": "Where no window fits there are none.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_windows_refuses", "task": "windows", "title": "A stride below 1 is refused.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward", "task": "dense_forward", "title": "out = x w + b.", "points": 15.0, "earned": 15.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_without_bias", "task": "dense_forward", "title": "b may be left out.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_dtype", "task": "dense_forward", "title": "float32 stays float32.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_forward_refuses", "task": "dense_forward", "title": "Shapes that do not fit are refused.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward", "task": "dense_backward", "title": "Gradients of the inputs, and of the bias.", "points": 15.0, "earned": 15.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward_leaves_alone", "task": "dense_backward", "title": "Nobody writes into the arrays that were given.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_layer", "task": "dense_class", "title": "A layer gives its scores and keeps its gradients.", "points": 10.0, "earned": 10.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd", "task": "sgd", "title": "Parameters move in place, with what is left of the last step.", "points": 10.0, "earned": 0.0, "verdict": "MISSING", "reason": "SGD is not written yet: NotImplementedError was raised in cell 26, line 12: `raise NotImplementedError(\"SGD.__init__ is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd_rate", "task": "sgd", "title": "lr can be changed between steps.", "points": 5.0, "earned": 0.0, "verdict": "MISSING", "reason": "SGD is not written yet: NotImplementedError was raised in cell 26, line 12: `raise NotImplementedError(\"SGD.__init__ is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_sgd_twice", "task": "sgd", "title": "Two optimizers do not share what they remember.", "points": 5.0, "earned": 0.0, "verdict": "MISSING", "reason": "SGD is not written yet: NotImplementedError was raised in cell 26, line 12: `raise NotImplementedError(\"SGD.__init__ is not written yet\")`.", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []},
  {"id": "test_backward_adjoint", "task": "dense_backward", "title": "dx is the transpose of the layer at work: this check looks at values.", "points": 5.0, "earned": 5.0, "verdict": "PASSED", "reason": "", "hint": "", "mistake": null, "bonus": false, "case": null, "notes": []}
 ],
 "healed": [],
 "isolation": "walled",
 "digest": "5095534f0fe28f25b2f2b144972bec441caa5a66e0224d872ecc4118216e98c7",
 "explained": "1c0634499516041dad8c5c4677c7f476a40edc295693c7147def9847377bdcea",
 "seconds": 0.1529,
 "bonus": 0.0,
 "max_bonus": 0.0,
 "loaded": "slice",
 "submitted": "2026-11-29T12:40:36.402713+00:00",
 "source": "little.ipynb",
 "flags": [],
 "sealed": false
}
');
CREATE TABLE standings (
	unit VARCHAR(64) NOT NULL, 
	student VARCHAR(255) NOT NULL, 
	changes INTEGER NOT NULL, 
	written INTEGER NOT NULL, 
	projected INTEGER NOT NULL, 
	PRIMARY KEY (unit, student)
);
INSERT INTO "standings" VALUES('little','student-002',2,2,2);
INSERT INTO "standings" VALUES('little','student-003',1,1,1);
CREATE INDEX ix_releases_unit ON releases (unit);
COMMIT;
