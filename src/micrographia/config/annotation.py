"""Settings of the annotation room: who annotates, who judges, what an endpoint may cost."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from micrographia.config.base import ExistingPath, Section
from micrographia.method_names import AnnotatorKind


def _plain_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "must hold no user, password or query: keys belong into an environment variable, "
            "which key_env names"
        )
    return value.rstrip("/")


class Endpoint(Section):
    """An OpenAI-compatible chat-completions endpoint whose model sees pictures."""

    base_url: Annotated[str, AfterValidator(_plain_url)] = Field(
        description="Address up to /v1, such as http://localhost:8000/v1.",
        json_schema_extra={"private": True},
    )
    model: str = Field(min_length=1, description="Name of the model, as the server knows it.")
    key_env: str | None = Field(
        None,
        pattern=r"^[A-Z_][A-Z0-9_]{0,63}$",
        description="Name of the environment variable that holds the key; null for none.",
        json_schema_extra={"private": True},
    )
    max_side: int = Field(
        1024, ge=64, le=8192, description="Longer side of the picture that is sent [px]."
    )
    full_picture: bool = Field(
        False, description="Send burnt-in text and banner too, not only the crop without them."
    )
    response_format: Literal["json_schema", "json_object", "none"] = Field(
        "json_schema", description="How the server is told the form of the answer."
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        0.0, description="Sampling temperature; null to leave it to the server."
    )
    max_output_tokens: int = Field(
        1500, ge=100, le=100_000, description="Most tokens of one answer."
    )
    token_parameter: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="What the server calls the most tokens of one answer."
    )
    concurrency: int = Field(4, ge=1, le=256, description="Most calls at once.")
    timeout: float = Field(120.0, gt=0, le=3600, description="Longest wait for one answer [s].")
    retries: int = Field(
        6, ge=0, le=50, description="How often a call that failed on its way is made again."
    )
    backoff: float = Field(
        1.0, gt=0, le=60, description="First wait between two tries, doubled each time [s]."
    )
    max_backoff: float = Field(
        60.0, gt=0, le=3600, description="Longest wait between two tries [s]."
    )
    max_retry_after: float = Field(
        600.0, ge=0, description="Longest wait that a server may ask for (Retry-After) [s]."
    )
    corrections: int = Field(
        3, ge=0, le=10, description="How often an answer of the wrong form is asked again."
    )
    max_calls: int | None = Field(None, ge=0, description="Most calls in all; null for no limit.")
    max_tokens: int | None = Field(
        None, ge=0, description="Most tokens in all, in and out; null for no limit."
    )
    max_cost: float | None = Field(
        None, ge=0, description="Most cost in all, in the currency of the prices; null: no limit."
    )
    price_in: float = Field(0.0, ge=0, description="Price of a million tokens sent.")
    price_out: float = Field(0.0, ge=0, description="Price of a million tokens answered.")
    image_tokens: int = Field(
        1500, ge=0, description="Tokens that one picture is counted as before its bill is known."
    )

    @model_validator(mode="after")
    def _a_cost_needs_prices(self) -> Endpoint:
        if self.max_cost is not None and self.price_in == 0 and self.price_out == 0:
            raise ValueError("max_cost is given, but price_in and price_out are both 0")
        return self


class AnnotatorSettings(Section):
    """One annotator."""

    name: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,40}$", description="Name in tables and files."
    )
    kind: AnnotatorKind = Field(
        description=(
            "'measured' (from the segmentation), 'texture' (a small trained model) or 'endpoint' "
            "(a vision model behind HTTP)."
        )
    )
    endpoint: Endpoint | None = Field(
        None, description="Where and how to ask; for kind 'endpoint' only."
    )
    weights: ExistingPath | None = Field(
        None,
        description=(
            "Weights of 'measured' or 'texture' made by `annotation learn` (.safetensors, its "
            ".json beside it); null for those that come along."
        ),
    )

    @model_validator(mode="after")
    def _endpoints_have_an_address(self) -> AnnotatorSettings:
        if (self.kind == "endpoint") != (self.endpoint is not None):
            raise ValueError(
                f"annotator '{self.name}': the section 'endpoint' (base_url, model, key_env, ...) "
                "belongs to kind 'endpoint', and to no other"
            )
        return self


class LearnSet(Section):
    """Procedural micrographs to learn from."""

    seed: int = Field(ge=0, le=2_000_000_000, description="Seed of the set; used nowhere else.")
    pictures: int = Field(290, ge=24, le=1_000_000, description="How many.")
    segmented: bool = Field(
        False, description="Whether 'measured' learns from the segmentation's masks of it too."
    )


class Learn(Section):
    """What the embedded annotators learn from (`snakemake annotation_weights`)."""

    size: int = Field(384, ge=64, le=4096, description="Side of a micrograph [px].")
    sets: tuple[LearnSet, ...] = Field(
        (
            LearnSet(seed=202, pictures=168, segmented=True),
            LearnSet(seed=102),
            LearnSet(seed=103),
        ),
        min_length=1,
        description="Sets of micrographs; segmenting is what takes most time.",
    )

    @model_validator(mode="after")
    def _seeds_differ(self) -> Learn:
        seeds = [one.seed for one in self.sets]
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"learn.sets has a seed twice: {seeds}")
        return self


class Annotation(Section):
    """Nine attributes of every micrograph, their cross-check and agreement."""

    annotators: tuple[AnnotatorSettings, ...] = Field(
        (
            AnnotatorSettings(name="measured", kind="measured"),
            AnnotatorSettings(name="texture", kind="texture"),
        ),
        description=(
            "Who annotates, the most trusted first: name, kind and, for kind 'endpoint', its "
            "section (docs/how-to/describe-pictures.md)."
        ),
    )
    judges: tuple[str, ...] | None = Field(
        None,
        description="Annotators that judge the others' answers, by name; null for all of them.",
    )
    learn: Learn = Field(default_factory=Learn, description="Training of embedded annotators.")
    resolved: ExistingPath | None = Field(
        None,
        description=(
            "CSV of what a person decided: image_id, attribute, value and, if wanted, text, "
            "reviewer; it wins over all."
        ),
    )
    legible: str | None = Field(
        None,
        description=(
            "Annotator of kind 'endpoint' that is asked about text in the pictures: those whose "
            "text cannot be read are rejected; null for nobody."
        ),
    )
    prompts: str = Field(
        "annotation/endpoint/templates",
        description="Folder of the prompts; one that is not found is looked for in the package.",
    )
    prompt_version: int = Field(1, ge=1, description="Which of the prompts: <name>-<version>.md.")
    cache: str | None = Field(
        None,
        description=(
            "SQLite file of all calls to endpoints, on a local disk; null for "
            "<results>/annotation/calls.sqlite."
        ),
    )

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Annotation:
        names = [annotator.name for annotator in self.annotators]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"annotators: more than one is called {', '.join(twice)}")
        strangers = [judge for judge in self.judges or () if judge not in names]
        if strangers:
            raise ValueError(
                f"judges names {', '.join(strangers)}, but the annotators are "
                f"{', '.join(names) or 'none'}"
            )
        seeing = [one.name for one in self.annotators if one.endpoint is not None]
        if self.legible is not None and self.legible not in seeing:
            raise ValueError(
                f"legible names {self.legible}, but the annotators of kind 'endpoint' are "
                f"{', '.join(seeing) or 'none'}"
            )
        return self
