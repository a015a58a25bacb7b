"""The seeded model of observing conditions and noise.

Nothing here was measured.  The pointing, time, filter, exposure time and
zenith angle of a visit are facts; seeing, transparency, sky brightness and
defects are drawn from generators seeded by (seed, instrument, night, visit,
detector), so that the quick-look metrics and the tasks, in whatever process
and order they run, speak of the same visit.
"""

from __future__ import annotations

import dataclasses
import math
import zlib
from collections.abc import Mapping
from typing import Literal

import numpy as np

__all__ = [
    "CAMERAS",
    "DEFAULT_SEED",
    "HSC",
    "SIMCAM",
    "Camera",
    "Conditions",
    "Defect",
    "Measurement",
    "compute_airmass",
    "compute_depth",
    "compute_effective_exposure_time",
    "draw_conditions",
    "draw_defect",
    "make_generator",
    "measure",
]

DEFAULT_SEED = 2017
"""Seed of the demonstration as it is shown in the documentation."""

Defect = Literal["", "trailed", "donuts", "clouds"]
"""What may be wrong with the pixels of a visit; empty if nothing is."""


@dataclasses.dataclass(frozen=True, slots=True)
class Camera:
    """The numbers of a camera and its site that the model needs.

    Parameters
    ----------
    name : `str`
        Instrument name.
    pixel_scale : `float`
        Size of a pixel, arcsec.
    zero_points : `~collections.abc.Mapping` [ `str`, `float` ]
        By band, magnitude (AB) that gives one electron a second outside the
        atmosphere.
    dark_sky : `~collections.abc.Mapping` [ `str`, `float` ]
        By band, brightness of the moonless sky, mag / arcsec^2.
    extinction : `~collections.abc.Mapping` [ `str`, `float` ]
        By band, loss for one airmass, mag.
    seeing : `float`
        Median seeing (FWHM) at the zenith, arcsec.
    defects : `~collections.abc.Mapping` [ `int`, `str` ]
        Visits that are always modelled with a defect.
    defect_rate : `float`
        Probability that any other visit has one.
    """

    name: str
    pixel_scale: float
    zero_points: Mapping[str, float]
    dark_sky: Mapping[str, float]
    extinction: Mapping[str, float]
    seeing: float
    defects: Mapping[int, Defect] = dataclasses.field(default_factory=dict)
    defect_rate: float = 0.0


HSC = Camera(
    name="HSC",
    pixel_scale=0.168,
    zero_points={"r": 27.8, "i": 27.6},
    dark_sky={"r": 20.9, "i": 19.9},
    extinction={"r": 0.09, "i": 0.05},
    seeing=0.62,
    # The real visits are good ones: that these two are bad is part of the model.
    defects={58260: "trailed", 59884: "donuts"},
)
"""Hyper Suprime-Cam, with round numbers."""

SIMCAM = Camera(
    name="SimCam",
    pixel_scale=0.2,
    zero_points={"g": 28.2, "r": 28.1, "i": 27.8},
    dark_sky={"g": 22.2, "r": 21.2, "i": 20.5},
    extinction={"g": 0.16, "r": 0.10, "i": 0.07},
    seeing=0.75,
    defect_rate=0.04,
)
"""The camera of the simulated survey."""

CAMERAS: Mapping[str, Camera] = {camera.name: camera for camera in (HSC, SIMCAM)}
"""The cameras that the model knows, by instrument name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Conditions:
    """State of the atmosphere during a visit.

    Parameters
    ----------
    airmass : `float`
        Path through the atmosphere, relative to the zenith.
    seeing : `float`
        FWHM of the point-spread function, arcsec.
    transparency : `float`
        Fraction of the light that clouds let through.
    sky_brightness : `float`
        Brightness of the sky, mag / arcsec^2.
    """

    airmass: float
    seeing: float
    transparency: float
    sky_brightness: float


@dataclasses.dataclass(frozen=True, slots=True)
class Measurement:
    """What an image of given conditions would show.

    Parameters
    ----------
    psf_fwhm : `float`
        FWHM of the point-spread function, arcsec.
    background : `float`
        Sky level, electron / pixel.
    zero_point : `float`
        Magnitude (AB) that gives one electron in the whole exposure.
    depth : `float`
        Magnitude (AB) of a point source at a signal-to-noise ratio of 5.
    """

    psf_fwhm: float
    background: float
    zero_point: float
    depth: float


def make_generator(seed: int, *keys: int | str) -> np.random.Generator:
    """Return a random generator of its own for a key.

    Parameters
    ----------
    seed : `int`
        Seed of the whole model, not negative.
    *keys : `int` or `str`
        What is drawn, e.g. instrument, purpose and visit.

    Returns
    -------
    generator : `numpy.random.Generator`
        Equal for equal arguments, on every machine and in any order.
    """
    words = [key if isinstance(key, int) else zlib.crc32(key.encode()) for key in keys]
    return np.random.default_rng([seed, *words])


def compute_airmass(zenith_angle: float) -> float:
    """Compute the airmass at a zenith angle.

    Parameters
    ----------
    zenith_angle : `float`
        Distance from the zenith, deg, below 90.

    Returns
    -------
    airmass : `float`
        Formula of Hardie (1962), good to 85 deg.
    """
    excess = 1.0 / math.cos(math.radians(zenith_angle)) - 1.0
    return 1.0 + excess * (0.9981833 - excess * (0.002875 + excess * 0.0008083))


def compute_depth(psf_fwhm: float, sky_variance: float, zero_point: float) -> float:
    """Compute the magnitude of a point source at a signal-to-noise ratio of 5.

    Parameters
    ----------
    psf_fwhm : `float`
        FWHM of a Gaussian point-spread function, arcsec.
    sky_variance : `float`
        Variance of the flux in an area of one arcsec^2, in the flux unit of ``zero_point``.
    zero_point : `float`
        Magnitude (AB) of one unit of flux.

    Returns
    -------
    depth : `float`
        Limit set by the sky alone, mag (AB).
    """
    # A matched filter of a Gaussian gathers the noise of 4 pi sigma^2.
    area = 4.0 * math.pi * (psf_fwhm / 2.3548) ** 2
    return zero_point - 2.5 * math.log10(5.0 * math.sqrt(area * sky_variance))


def draw_conditions(
    camera: Camera, seed: int, *, day_obs: int, visit: int, band: str, zenith_angle: float
) -> Conditions:
    """Draw the conditions of a visit.

    Parameters
    ----------
    camera : `Camera`
        The camera and its site.
    seed : `int`
        Seed of the model.
    day_obs : `int`
        Night, which sets the common part of seeing, clouds and moon.
    visit : `int`
        Visit, which sets the rest.
    band : `str`
        Band of the visit.
    zenith_angle : `float`
        Distance from the zenith, deg.

    Returns
    -------
    conditions : `Conditions`
        Equal for equal arguments.
    """
    night = make_generator(seed, camera.name, "night", day_obs)
    night_seeing, clouds, moon = night.lognormal(0.0, 0.16), night.exponential(0.03), night.random()
    now = make_generator(seed, camera.name, "visit", visit)
    airmass = compute_airmass(zenith_angle)
    seeing = camera.seeing * night_seeing * now.lognormal(0.0, 0.06) * airmass**0.6
    return Conditions(
        airmass=airmass,
        seeing=float(seeing * {"g": 1.05, "r": 1.0, "i": 0.95}[band]),
        transparency=float(np.clip(1.0 - clouds * now.lognormal(0.0, 0.3), 0.2, 1.0)),
        sky_brightness=float(camera.dark_sky[band] - 0.8 * moon**2 + now.normal(0.0, 0.03)),
    )


def draw_defect(camera: Camera, seed: int, visit: int) -> Defect:
    """Draw what is wrong with the pixels of a visit.

    Parameters
    ----------
    camera : `Camera`
        The camera.
    seed : `int`
        Seed of the model.
    visit : `int`
        Visit.

    Returns
    -------
    defect : `str`
        Empty if the visit is good.
    """
    if visit in camera.defects:
        return camera.defects[visit]
    generator = make_generator(seed, camera.name, "defect", visit)
    if generator.random() >= camera.defect_rate:
        return ""
    kinds: tuple[Defect, ...] = ("trailed", "donuts", "clouds")
    return kinds[int(generator.integers(len(kinds)))]


def measure(
    camera: Camera, band: str, exposure_time: float, conditions: Conditions, defect: Defect = ""
) -> Measurement:
    """Compute what an image would show.

    Parameters
    ----------
    camera : `Camera`
        The camera.
    band : `str`
        Band of the visit.
    exposure_time : `float`
        Open shutter time, s.
    conditions : `Conditions`
        State of the atmosphere.
    defect : `str`, optional
        What is wrong with the pixels.  A quick look during the exposure does
        not see it; the processed image does.

    Returns
    -------
    measurement : `Measurement`
        Without the scatter from detector to detector.
    """
    blur = {"": 1.0, "trailed": 2.6, "donuts": 3.1, "clouds": 1.1}[defect]
    loss = 0.5 if defect == "clouds" else 1.0
    zero_point = (
        camera.zero_points[band]
        - camera.extinction[band] * conditions.airmass
        + 2.5 * math.log10(exposure_time * conditions.transparency * loss)
    )
    # The sky shines below the clouds, so its level knows nothing of transparency.
    sky = exposure_time * 10 ** (0.4 * (camera.zero_points[band] - conditions.sky_brightness))
    psf_fwhm = conditions.seeing * blur
    return Measurement(
        psf_fwhm=psf_fwhm,
        background=sky * camera.pixel_scale**2,
        zero_point=zero_point,
        depth=compute_depth(psf_fwhm, sky, zero_point),
    )


def compute_effective_exposure_time(camera: Camera, band: str, depth: float) -> float:
    """Compute how long a depth takes in nominal conditions.

    Parameters
    ----------
    camera : `Camera`
        The camera.
    band : `str`
        Band of the image.
    depth : `float`
        Magnitude (AB) of a point source at a signal-to-noise ratio of 5.

    Returns
    -------
    exposure_time : `float`
        Time at the zenith, through a clear and dark sky in median seeing, s.
    """
    nominal = Conditions(
        airmass=1.0, seeing=camera.seeing, transparency=1.0, sky_brightness=camera.dark_sky[band]
    )
    # Depth grows with 1.25 log10 of the time, as long as the sky sets the noise.
    return float(10 ** (0.8 * (depth - measure(camera, band, 1.0, nominal).depth)))
