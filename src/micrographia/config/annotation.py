"""Settings of the annotation room: annotators, judges, and limits of endpoints."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from micrographia.config.base import ExistingPath, Section
from micrographia.method_names import AnnotatorKind


def _plain_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must start with http:// or https:// and contain a host name")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "must not contain a user, password or query: put the key into an environment "
            "variable and set key_env to its name"
        )
    return value.rstrip("/")


class Endpoint(Section):
    """OpenAI-compatible chat-completions endpoint of a vision-language model."""

    base_url: Annotated[str, AfterValidator(_plain_url)] = Field(
        description="Address of the server up to /v1, such as http://localhost:8000/v1.",
        json_schema_extra={"private": True},
    )
    model: str = Field(min_length=1, description="Name of the model on the server.")
    key_env: str | None = Field(
        None,
        pattern=r"^[A-Z_][A-Z0-9_]{0,63}$",
        description="Environment variable that holds the API key; null: no key.",
        json_schema_extra={"private": True},
    )
    max_side: int = Field(
        1024,
        ge=64,
        le=8192,
        description="Maximum length of the longer side of a picture that is sent [px].",
    )
    full_picture: bool = Field(
        False,
        description="Send the full picture with burnt-in text and banner; false: send "
        "the text-free crop.",
    )
    response_format: Literal["json_schema", "json_object", "none"] = Field(
        "json_schema",
        description="How to request the format of the answer from the server "
        "('none': only in the prompt).",
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        0.0, description="Sampling temperature; null: the server's default."
    )
    max_output_tokens: int = Field(
        1500, ge=100, le=100_000, description="Maximum number of tokens of one answer."
    )
    token_parameter: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="Name of the server's parameter for max_output_tokens."
    )
    concurrency: int = Field(4, ge=1, le=256, description="Maximum number of parallel calls.")
    timeout: float = Field(
        120.0, gt=0, le=3600, description="Maximum time to wait for one answer [s]."
    )
    retries: int = Field(
        6,
        ge=0,
        le=50,
        description="Maximum number of retries after a failed connection or server error.",
    )
    backoff: float = Field(
        1.0,
        gt=0,
        le=60,
        description="Waiting time before the first retry, doubled for every further retry [s].",
    )
    max_backoff: float = Field(
        60.0, gt=0, le=3600, description="Maximum waiting time between two retries [s]."
    )
    max_retry_after: float = Field(
        600.0,
        ge=0,
        description="Maximum waiting time to accept from the server (Retry-After) [s].",
    )
    corrections: int = Field(
        3,
        ge=0,
        le=10,
        description="Maximum number of repeated requests after an answer in the wrong format.",
    )
    max_calls: int | None = Field(
        None, ge=0, description="Maximum number of calls in total; null: no limit."
    )
    max_tokens: int | None = Field(
        None,
        ge=0,
        description="Maximum number of tokens in total, sent and received; null: no limit.",
    )
    max_cost: float | None = Field(
        None,
        ge=0,
        description="Maximum cost in total, in the currency of the prices; null: no limit.",
    )
    price_in: float = Field(0.0, ge=0, description="Price of one million tokens sent.")
    price_out: float = Field(0.0, ge=0, description="Price of one million tokens received.")
    image_tokens: int = Field(
        1500,
        ge=0,
        description="Estimated tokens of one picture, used for the limits until the "
        "server reports its count.",
    )

    @model_validator(mode="after")
    def _a_cost_needs_prices(self) -> Endpoint:
        if self.max_cost is not None and self.price_in == 0 and self.price_out == 0:
            raise ValueError("max_cost is given, but price_in and price_out are both 0")
        return self


class AnnotatorSettings(Section):
    """One annotator."""

    name: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,40}$",
        description="Name of the annotator in tables and files.",
    )
    kind: AnnotatorKind = Field(
        description=(
            "'measured' (from the segmentation), 'texture' (a small trained model) or "
            "'endpoint' (a vision-language model on a server)."
        )
    )
    endpoint: Endpoint | None = Field(
        None, description="Server and model; only for kind 'endpoint'."
    )
    weights: ExistingPath | None = Field(
        None,
        description=(
            "Weights for kind 'measured' or 'texture', written by `annotation learn` "
            "(.safetensors with its .json); null: the shipped weights."
        ),
    )

    @model_validator(mode="after")
    def _endpoints_have_an_address(self) -> AnnotatorSettings:
        if (self.kind == "endpoint") != (self.endpoint is not None):
            raise ValueError(
                f"annotator '{self.name}': the section 'endpoint' (base_url, model, key_env, "
                "...) is required for kind 'endpoint' and not allowed for other kinds"
            )
        return self


class LearnSet(Section):
    """One set of procedural micrographs to train on."""

    seed: int = Field(
        ge=0,
        le=2_000_000_000,
        description="Random seed of the set; no other set may have the same.",
    )
    pictures: int = Field(290, ge=24, le=1_000_000, description="Number of micrographs.")
    segmented: bool = Field(
        False,
        description="Segment the set too, so that 'measured' is also trained on predicted masks.",
    )


class Learn(Section):
    """Training data of the embedded annotators (`snakemake annotation_weights`)."""

    size: int = Field(384, ge=64, le=4096, description="Side of a micrograph [px].")
    sets: tuple[LearnSet, ...] = Field(
        (
            LearnSet(seed=202, pictures=168, segmented=True),
            LearnSet(seed=102),
            LearnSet(seed=103),
        ),
        min_length=1,
        description="Sets of procedural micrographs to train on; segmentation takes most of the "
        "time.",
    )

    @model_validator(mode="after")
    def _seeds_differ(self) -> Learn:
        seeds = [one.seed for one in self.sets]
        if len(set(seeds)) < len(seeds):
            raise ValueError(
                f"learn.sets uses a seed twice: {seeds}; allowed: a different seed for every set"
            )
        return self


class Annotation(Section):
    """Nine attributes of every micrograph, their cross-check and agreement."""

    annotators: tuple[AnnotatorSettings, ...] = Field(
        (
            AnnotatorSettings(name="measured", kind="measured"),
            AnnotatorSettings(name="texture", kind="texture"),
        ),
        description=(
            "Annotators, the most trusted one first: name, kind and, for kind 'endpoint', its "
            "section endpoint (docs/how-to/describe-pictures.md)."
        ),
    )
    judges: tuple[str, ...] | None = Field(
        None,
        description="Names of the annotators that judge the answers of the others; null: all of "
        "them.",
    )
    learn: Learn = Field(
        default_factory=Learn, description="Training of the annotators 'measured' and 'texture'."
    )
    resolved: ExistingPath | None = Field(
        None,
        description=(
            "CSV file with the decisions of a person: columns image_id, attribute, value and "
            "optionally text, reviewer; they override all annotators."
        ),
    )
    legible: str | None = Field(
        None,
        description=(
            "Name of an annotator of kind 'endpoint' that checks whether burnt-in text is "
            "legible; pictures with illegible text are rejected; null: no check."
        ),
    )
    prompts: str = Field(
        "annotation/endpoint/templates",
        description="Folder of the prompts; if it does not exist, the folder of this name in "
        "the package.",
    )
    prompt_version: int = Field(
        1, ge=1, description="Version of the prompts: files are named <name>-<version>.md."
    )
    cache: str | None = Field(
        None,
        description=(
            "SQLite file that stores all calls to endpoints; use a local disk; null: "
            "<results>/annotation/calls.sqlite."
        ),
    )

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Annotation:
        names = [annotator.name for annotator in self.annotators]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"annotators: these names are used twice: {', '.join(twice)}; "
                "allowed: a different name for every annotator"
            )
        strangers = [judge for judge in self.judges or () if judge not in names]
        if strangers:
            raise ValueError(
                f"judges contains {', '.join(strangers)}; allowed: the names of annotators: "
                f"{', '.join(names) or 'none'}"
            )
        seeing = [one.name for one in self.annotators if one.endpoint is not None]
        if self.legible is not None and self.legible not in seeing:
            raise ValueError(
                f"legible is {self.legible}; allowed: annotators of kind 'endpoint': "
                f"{', '.join(seeing) or 'none'}"
            )
        return self
