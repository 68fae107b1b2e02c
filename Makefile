# Three commands are all that a newcomer needs: `make demo`, `make quick` and `make test`. All is installed into .venv.
PYTHON ?= python3.11
BIN := .venv/bin
OUT ?= runs/demo

# Compiled files are kept also where an environment says not to: the tests start Python some hundred times.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo quick test check format clean

demo: .venv/.demo
	$(BIN)/nas search demo --out $(OUT)

# Three processes on two cores: many tests wait for other processes.
quick: .venv/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder -q -m "not slow and not ray and not browser"

test: .venv/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder -q

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build *.egg-info

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.demo: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[demo]'
	touch $@

.venv/.dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[demo,dev,peers,postgres,onnx,executorch,data,pictures]'
	touch $@ .venv/.demo
