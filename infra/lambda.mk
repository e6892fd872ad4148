# The template and its functions. `sam build` calls build-<function> for each function of template.yaml.
# Needs Python 3.13, the functions' own, so that what is compiled here is loaded there.
ARCH    ?= aarch64
TEMPLATE ?= template.yaml
SAM     := .venv-sam
CHECKOV := .venv-checkov
SAM_STAMP := $(SAM)/.installed
BUNDLES := build/lambda/$(ARCH)
HOST_ARCH := $(subst arm64,aarch64,$(shell uname -m))
# A python3.13 of pyenv runs only where it is the chosen one; without pyenv this variable means nothing.
LAMBDA_PYTHON := PYENV_VERSION=3.13 python3.13
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1
# What a function never uses: type stubs, tests, lists of what was installed, pydantic's own version 1 and plugin for
# mypy, libyaml (MLmodel files are small).
BALLAST = -name '*.pyi' -o -path '*/lark/tools' -o -path '*/lark/__pyinstaller' -o -path '*.dist-info/RECORD' -o -path '*.dist-info/METADATA' -o -path '*.dist-info/sboms' \
          -o -path '*/pydantic/v1' -o -path '*/pydantic/mypy.py' -o -path '*/yaml/_yaml.*' \
          -o -path '*/numpy/*/tests' -o -name .lock -o -name bin
# The same of cloudtrack: the front doors that are none of a function's. The API reads what a model says of itself, and
# loads none; scoring loads one, and has no port to listen on.
OTHER_DOORS := __main__.py batch bridge.py cli demo.py evaluation http importing lakehouse merging mlflow_client.py mlflow_plugin notebooks projects server.py ui
LOADERS := $(addprefix models/,bytecode.py default_environment.py enforcement* example_signature.py frameworks.py from_code.py input_example.py loading.py pickle*.py pyfunc.py \
	rebuilding.py saving.py trust.py)
# Of the client of a server the API has what both say on the wire.
CLIENT := $(addprefix remote/,a*.py c*.py d*.py e*.py f*.py h*.py k*.py l*.py m*.py p*.py r*.py s*.py)
# Of maintenance the functions compact and purge.
KEEPERS := $(addprefix maintenance/,check*.py coll*.py cost*.py fsck*.py gc_*.py price.py reindexing.py stack*.py)
SERVERS := $(addprefix scoring/,Dockerfile asgi.py endpoints.py sagemaker.py server.py)

.PHONY: template sam-build template-test deploy

template: sam-build build/iam.yaml build/single.yaml  ## template.yaml and its variants: valid, linted, scanned, built
	for each in template.yaml build/iam.yaml build/single.yaml; do $(SAM)/bin/sam validate --lint --template $$each || exit; done
	$(SAM)/bin/cfn-lint template.yaml build/iam.yaml build/single.yaml
	$(CHECKOV)/bin/checkov --quiet --compact --config-file infra/checkov.yaml

sam-build: $(SAM_STAMP)  ## the functions of TEMPLATE, for ARCH, into build/sam
	ARCH=$(ARCH) $(SAM)/bin/sam build --config-file $(CURDIR)/infra/samconfig.toml \
		--template $(TEMPLATE) --build-dir build/sam/$(ARCH)

build/%.yaml: template.yaml infra/variant.py $(SAM_STAMP)  ## iam, single: other forms of the template
	$(SAM)/bin/python infra/variant.py $* $< $@

deploy: sam-build  ## into the AWS account of your credentials; asks before it changes anything
	$(SAM)/bin/sam deploy --config-file $(CURDIR)/infra/samconfig.toml --template build/sam/$(ARCH)/template.yaml

template-test: $(STAMP) sam-build build/lambda/runtime.done build/lambda/s3fs.done  ## what SAM makes of it, under AWS's own runtime client
	$(MAKE) sam-build ARCH=$(HOST_ARCH)
	SAM_PYTHON=$(CURDIR)/$(SAM)/bin/python LAMBDA_PACKAGES=$(CURDIR)/build/lambda \
		LAMBDA_BUNDLES=$(CURDIR)/build/sam/$(HOST_ARCH) LAMBDA_DEPLOYED=$(CURDIR)/build/sam/$(ARCH) $(BIN)/python -m pytest -m infra tests/infra tests/handlers

build-RunsFunction build-PurgesFunction build-MetricsFunction build-CompactionFunction build-HooksFunction: $(BUNDLES)/search.done $(BUNDLES)/own.done
	$(call bundle,search own)

build-AuthorizerFunction: $(BUNDLES)/authorizer.done $(BUNDLES)/own.done
	$(call bundle,authorizer own)

build-ScoringFunction: $(BUNDLES)/scoring.done $(BUNDLES)/scorer.done
	$(call bundle,scoring scorer)

build-WebFunction: $(BUNDLES)/lambda.done $(BUNDLES)/own.done $(BUNDLES)/page.done
	$(call bundle,lambda own page)

build-ApiFunction: $(BUNDLES)/search.done $(BUNDLES)/own.done $(BUNDLES)/page.done
	$(call bundle,search own page)

build-%Function: $(BUNDLES)/lambda.done $(BUNDLES)/own.done
	$(call bundle,lambda own)

define bundle
	cp -R $(foreach part,$(1),$(BUNDLES)/$(part)/.) "$(ARTIFACTS_DIR)/"
endef

# Without a look at the sources' times, which a zip file changes. Lambda cannot keep what it would compile itself.
compile = $(SAM)/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash
compiled = $(compile) $(1)
# In place of the sources, of what is not our own: half the size. Tracebacks keep names and lines.
sourceless = $(compile) -b -s $(1) -p /var/task $(1) && find $(1) -name '*.py' -delete

$(BUNDLES)/own.done: CUT := autologging data flavors fluent grants scoring waiting $(CLIENT) $(KEEPERS) $(LOADERS)
$(BUNDLES)/scorer.done: CUT := $(SERVERS)
$(BUNDLES)/own.done $(BUNDLES)/scorer.done: $(shell find cloudtrack handlers -path cloudtrack/ui -prune -o -type f -not -name '*.pyc' -print) pyproject.toml infra/lambda.mk $(SAM_STAMP)
	rm -rf $(basename $@)
	CLOUDTRACK_UI_BUILD=skip $(SAM)/bin/uv pip install --quiet --python $(SAM)/bin/python --no-deps --target $(basename $@) .
	cd $(basename $@)/cloudtrack && rm -rf $(OTHER_DOORS) $(CUT)
	rm -rf $(basename $@)/bin $(basename $@)/.lock
	mkdir $(basename $@)/handlers && cp handlers/*.py $(basename $@)/handlers
	$(call compiled,$(basename $@))
	touch $@

# The web page: the build of the package makes it, and brings Node where there is none.
$(BUNDLES)/page.done: $(shell find cloudtrack/ui -path '*/node_modules' -prune -o -path cloudtrack/ui/dist -prune -o -type f -not -name '*.pyc' -print) pyproject.toml infra/lambda.mk $(SAM_STAMP)
	rm -rf $(basename $@)
	mkdir -p $(basename $@)/cloudtrack/ui
	$(SAM)/bin/uv build --quiet --wheel --out-dir $(BUNDLES)/wheel .
	test ! -d cloudtrack/ui/dist || cp -R cloudtrack/ui/dist $(basename $@)/cloudtrack/ui
	touch $@

# scipy asks numpy for all of its modules.
$(BUNDLES)/search.done: BALLAST += -o -path '*/numpy/f2py'
# Frameworks bring all their tests, and what they were compiled from.
$(BUNDLES)/scoring.done: BALLAST += -o -type d -name tests -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.tp' -o -name '*.h' -o -name '*.a'
$(BUNDLES)/%.done: infra/requirements-%.txt infra/requirements-lambda.txt infra/lambda.mk $(SAM_STAMP)
	rm -rf $(BUNDLES)/$*
	$(SAM)/bin/uv pip install --quiet --python $(SAM)/bin/python --python-platform $(ARCH)-manylinux_2_28 \
		--only-binary :all: --target $(BUNDLES)/$* -r $<
	find $(BUNDLES)/$* \( $(BALLAST) \) -prune -exec rm -r {} +
	$(call sourceless,$(BUNDLES)/$*)
	touch $@

# What the managed runtime brings, and what the test compares with.
build/lambda/runtime.done: PACKAGES := awslambdaric boto3
build/lambda/s3fs.done: PACKAGES := s3fs
build/lambda/%.done: $(SAM_STAMP)
	rm -rf build/lambda/$*
	$(SAM)/bin/uv pip install --quiet --python $(SAM)/bin/python --target build/lambda/$* $(PACKAGES)
	$(call compiled,build/lambda/$*)
	touch $@

$(SAM_STAMP): infra/lambda.mk
	test -x $(SAM)/bin/python || $(LAMBDA_PYTHON) -m venv $(SAM)
	$(SAM)/bin/python -m pip install --quiet uv
	VIRTUAL_ENV=$(SAM) $(SAM)/bin/uv pip install --quiet aws-sam-cli cfn-lint pyyaml
	test -x $(CHECKOV)/bin/python || $(LAMBDA_PYTHON) -m venv $(CHECKOV)
	VIRTUAL_ENV=$(CHECKOV) $(SAM)/bin/uv pip install --quiet 'checkov>=3.3'
	touch $(SAM_STAMP)
