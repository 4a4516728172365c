# The two commands for everyone: make demo, make test. The rest is for those who work on motionc.

SWIFT    ?= swift
FLAGS    := -c release -Xcc -march=native
TESTING  := $(FLAGS) -Xswiftc -enable-testing --disable-xctest
MOTIONC  := .build/release/motionc
PACKAGES := libcairo2-dev liburdfdom-dev libopenblas-dev libserialport-dev libzip-dev libjs-three pkg-config
DOCUMENTED := Geometry Morphology Motions HumanBody MotionData MotionMetrics MotionModels Kinematics Retargeting \
            Trajectories TrajectoryMetrics Streaming MotionCompiler
MOTIONS  ?= Examples/Motions
ROBOTS   ?= Robots

IMAGE    ?=

# Swift Testing takes a backtrace of every error that is thrown, which takes longer than most refusals
export SWT_SWIFT_ERROR_BACKTRACING_ENABLED := 0

.PHONY: demo test test-anew fuzz build bench bench-firmware bench-gmr bench-peers models tables robots-table docs pictures format lint packages clean

## demo: install what is missing, build, run the main job on the shipped motions
demo: packages build
	@sh Examples/demo.sh

## test: the whole suite
test: packages
	$(SWIFT) build $(TESTING) --build-tests
	$(SWIFT) test $(TESTING) --skip-build

## test-anew: every clip of the reference data written anew in ten ways and read again, six minutes
test-anew: packages
	$(SWIFT) build $(TESTING) --build-tests
	MOTIONC_REEXPRESSIONS=10 $(SWIFT) test $(TESTING) --skip-build --filter ReexpressionTests

## fuzz: 100,000 damaged files for every reader of motion, about twenty minutes of one core
fuzz: packages
	$(SWIFT) build $(TESTING) --build-tests
	MOTIONC_FUZZ_FILES=100000 $(SWIFT) test $(TESTING) --skip-build \
	  --filter 'DamagedReadersTests|DamagedMotionTests|PickleTests|XMLScannerTests'

build:
	$(SWIFT) build $(FLAGS)

## bench: one JSON line for each measure of Docs/benchmarks.md
bench: packages build
	@$(MOTIONC) bench

## bench-peers: the peers' scripts beside our own, with ratios
bench-peers: packages build
	@sh Benchmarks/peers.sh

## bench-gmr: GMR's algorithm on held-out clips, measured as our own; MOTIONS=FOLDER with an index.csv
bench-gmr: packages build
	@sh Benchmarks/gmr.sh "$(MOTIONS)"

## bench-firmware: the uArm vendor's own firmware on an emulated board; IMAGE=file.hex
bench-firmware: build
	@IMAGE="$(IMAGE)" sh Benchmarks/firmware.sh

## models: train what Examples/Models ships; MOTIONS=FOLDER for your own motions
models: packages build
	@sh Examples/train-models.sh "$(MOTIONS)"

## tables: short trainings of PoseGPT's sizes and their figures, two hours; MOTIONS=FOLDER with an index.csv
tables: packages build
	@sh Examples/posegpt-tables.sh "$(MOTIONS)"

## robots-table: every robot of a folder of URDFs mapped, compiled for and verified; ROBOTS=FOLDER
robots-table: packages build
	@sh Examples/robots-table.sh "$(ROBOTS)"

## docs: the API documentation of the public modules (DocC); a warning is an error
docs: packages
	$(SWIFT) package $(FLAGS) generate-documentation $(addprefix --target ,$(DOCUMENTED)) \
	  --warnings-as-errors

## pictures: the README's pictures, from the example motions and models
pictures: packages
	$(SWIFT) build $(FLAGS) --product example-strip
	@.build/release/example-strip Examples Docs/images

format:
	$(SWIFT) format -i -r Sources Tests Examples Package.swift

lint:
	$(SWIFT) format lint --strict -r Sources Tests Examples Package.swift

# Only where something is missing, so that neither root nor a network is needed otherwise.
packages:
	@missing=""; for package in $(PACKAGES); do \
	  dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  echo "Installing$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then sudo=""; else sudo="sudo"; fi; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq $$missing >/dev/null; fi

clean:
	rm -rf .build results
