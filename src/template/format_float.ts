/**
 * Floats in the forms of Go's `strconv.FormatFloat`. No template can make an infinity or a NaN.
 *
 * @module
 */

/** The forms: exponent, fixed, the shorter of both, powers of two, hexadecimal. */
export type FloatForm = "e" | "E" | "f" | "g" | "G" | "b" | "x" | "X";

// Decimal digits of a number: 0.digits times 10 to the power of `point`.
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/**
 * Writes a float.
 *
 * @param value A finite number.
 * @param form How.
 * @param precision Digits after the point, or for "g" in all. Default: 6, but for "g"
 * and "x" as many as are needed to read the same number back.
 */
export function formatFloat(value: number, form: FloatForm, precision: number | undefined): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return sign + formatMagnitude(Math.abs(value), form, precision);
}

function formatMagnitude(value: number, form: FloatForm, precision: number | undefined): string {
  switch (form) {
    case "b":
      return formatBinary(value);
    case "x":
      return formatHex(value, precision);
    case "X":
      return formatHex(value, precision).toUpperCase();
    case "f": {
      const decimal = exact(value);
      return formatFixed(round(decimal, decimal.point + (precision ?? 6)), precision ?? 6);
    }
    case "e":
    case "E":
      return formatExponent(round(exact(value), (precision ?? 6) + 1), precision ?? 6, form);
    default:
      return formatGeneral(value, form === "g" ? "e" : "E", precision);
  }
}

function formatGeneral(value: number, form: "e" | "E", precision: number | undefined): string {
  const wanted = precision === 0 ? 1 : precision;
  const decimal = wanted === undefined ? shortest(value) : round(exact(value), wanted);
  const { digits, point } = decimal;
  const count = digits.length;
  const exponent = point - 1;
  return exponent < -4 || exponent >= (wanted ?? 6)
    ? formatExponent(decimal, Math.max(0, count - 1), form)
    : formatFixed(decimal, Math.max(0, count - point));
}

function formatFixed({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const shown = "0".repeat(Math.max(0, -point)) + digits.slice(Math.max(0, point));
  const fraction = shown.padEnd(precision, "0");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function formatExponent({ digits, point }: Decimal, precision: number, form: "e" | "E"): string {
  const first = digits[0] ?? "0";
  const fraction = digits.slice(1).padEnd(precision, "0");
  const exponent = digits === "" ? 0 : point - 1;
  return first + (fraction && `.${fraction}`) + form + signed(exponent);
}

// The fewest digits that read back as the same number: what JavaScript prints too.
function shortest(value: number): Decimal {
  if (value === 0) return { digits: "", point: 0 };
  const [mantissa = "", exponent] = value.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
}

// Every digit: a fraction of a power of two ends.
function exact(value: number): Decimal {
  if (value === 0) return { digits: "", point: 0 };
  const { mantissa, exponent } = split(value);
  const digits = exponent < 0
    ? mantissa * 5n ** BigInt(-exponent)
    : mantissa * 2n ** BigInt(exponent);
  const text = String(digits);
  return { digits: text, point: text.length + Math.min(0, exponent) };
}

// The first digits; half goes to the even digit, and zeros at the end go away.
function round({ digits, point }: Decimal, keep: number): Decimal {
  if (keep < 0) return trim("", point);
  if (keep >= digits.length) return trim(digits, point);
  const kept = digits.slice(0, keep);
  const rest = digits.slice(keep);
  const isHalf = /^50*$/.test(rest);
  const isOdd = Number(kept.at(-1) ?? "0") % 2 === 1;
  if (rest < "5" || isHalf && !isOdd) return trim(kept, point);
  const up = String(BigInt(`0${kept}`) + 1n).padStart(keep, "0");
  return trim(up, point + up.length - keep);
}

function trim(digits: string, point: number): Decimal {
  const trimmed = digits.replace(/0+$/, "");
  return { digits: trimmed, point: trimmed === "" ? 0 : point };
}

function formatBinary(value: number): string {
  const { mantissa, exponent } = value === 0 ? { mantissa: 0n, exponent: -1074 } : split(value);
  return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

function formatHex(value: number, precision: number | undefined): string {
  let { mantissa, exponent } = value === 0 ? { mantissa: 0n, exponent: -52 } : split(value);
  // One bit before the point, 60 after it: 15 hexadecimal digits.
  const shift = value === 0 ? 60n : BigInt(61 - mantissa.toString(2).length);
  mantissa <<= shift;
  exponent += 60 - Number(shift);
  if (precision !== undefined && precision < 15) {
    const unit = 1n << BigInt(60 - 4 * precision);
    const rest = mantissa % unit;
    mantissa -= rest;
    const isOdd = mantissa / unit % 2n === 1n;
    if (rest * 2n > unit || rest * 2n === unit && isOdd) mantissa += unit;
    if (mantissa >> 61n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const digits = mantissa.toString(16).padStart(16, "0");
  const fraction = precision === undefined
    ? digits.slice(1).replace(/0+$/, "")
    : digits.slice(1, 1 + precision).padEnd(precision, "0");
  const power = value === 0 ? 0 : exponent;
  return `0x${digits[0]}${fraction && `.${fraction}`}p${signed(power)}`;
}

// A positive number as mantissa times 2 to the power of the exponent, all 53 bits in the mantissa.
function split(value: number): { mantissa: bigint; exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const fraction = raw & (1n << 52n) - 1n;
  const power = Number(raw >> 52n);
  return power === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 1n << 52n, exponent: power - 1075 };
}

function signed(exponent: number): string {
  return (exponent < 0 ? "-" : "+") + String(Math.abs(exponent)).padStart(2, "0");
}
