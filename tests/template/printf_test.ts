/** What printf writes, each case by the rules of Go 1.19's fmt. */
import { testOutputs } from "./support.ts";

/** A format, its arguments as they stand in a template, and what comes out. */
type Case = readonly [format: string, args: string, output: string];

function testFormats(name: string, cases: readonly Case[]): void {
  testOutputs(
    name,
    cases.map(([format, args, output]) => [`{{printf ${goString(format)} ${args}}}`, output]),
  );
}

// JSON's escapes are Go's too, but for those of surrogates, which no format here has.
function goString(text: string): string {
  return JSON.stringify(text);
}

testFormats("printf writes integers by base, sign, width and precision", [
  [
    "%d %+d % d %5d|%-5d|%05d|%+05d|% 05d",
    "1 2 3 4 5 6 7 8",
    "1 +2  3     4|5    |00006|+0007| 0008",
  ],
  ["%d %d", "-9223372036854775808 9223372036854775807", "-9223372036854775808 9223372036854775807"],
  [
    "%b %o %O %x %X %#b %#o %#x %#X",
    "5 8 8 255 255 5 8 255 255",
    "101 10 0o10 ff FF 0b101 010 0xff 0XFF",
  ],
  ["%x %#x %#o %#b %O", "-255 -255 -8 -5 -8", "-ff -0xff -010 -0b101 -0o10"],
  [
    "%.3d|%.3d|%8.3d|%-8.3d|%08.3d|%+.3d",
    "7 -7 7 7 7 7",
    "007|-007|     007|007     |     007|+007",
  ],
  ["%.0d|%.d|%5.0d|%.0d", "0 0 0 1", "||     |1"],
  ["%#010x|%#-10x|%010x|%#.4x", "255 255 -255 255", "0x00000000ff|0xff      |-0000000ff|0x00ff"],
  ["%-010d|%+-5d|%0-5d", "42 42 42", "42        |+42  |42   "],
  ["%#o %#X %#O", "0 0 8", "0 0X0 0o010"],
]);

testFormats("printf writes integers as characters", [
  ["%c%c%c", "'x' 0x4E16 0x1F600", "x世😀"],
  ["%3c|%-3c|%03c", "'x' 'x' 'x'", "  x|x  |00x"],
  [
    "%q %q %q %+q %+q %#q",
    "'x' '\\n' '\\'' '世' 0x1F600 'x'",
    "'x' '\\n' '\\'' '\\u4e16' '\\U0001f600' 'x'",
  ],
  [
    "%U %#U %#U %U %8U|%-8U|%08U|%.6U",
    "'x' 'x' '\\n' -1 'x' 'x' 'x' 'x'",
    "U+0078 U+0078 'x' U+000A U+FFFFFFFFFFFFFFFF   U+0078|U+0078  |  U+0078|U+000078",
  ],
  ["%c %c %q %q", "-1 0xD800 -1 0x110000", "\ufffd \ufffd '\ufffd' '\ufffd'"],
]);

testFormats("printf writes floats", [
  [
    "%f %e %E %g %G %F",
    "1.5 1.5 1.5 1.5 1.5 1.5",
    "1.500000 1.500000e+00 1.500000E+00 1.5 1.5 1.500000",
  ],
  ["%.0f %.0f %.0f %.0f %.1f %.2f", "0.5 1.5 2.5 3.5 0.25 1.005", "0 2 2 4 0.2 1.00"],
  [
    "%6.2f|%-8.2f|%08.3f|%+.1f|% .1f|%+08.2f|% 08.2f",
    "3.14159 3.14159 -3.14159 1.0 1.0 1.5 1.5",
    "  3.14|3.14    |-003.142|+1.0| 1.0|+0001.50| 0001.50",
  ],
  ["%.3e %.0e %10.2e|", "123456.0 15000.0 0.00012345", "1.235e+05 2e+04   1.23e-04|"],
  [
    "%g %g %g %g %g %g",
    "100000.0 1000000.0 1e21 1e-4 1e-5 123456789.0",
    "100000 1e+06 1e+21 0.0001 1e-05 1.23456789e+08",
  ],
  [
    "%.3g %.3g %.3g %.10g %.1g %.0g %.17g",
    "1234.5678 100.0 1000.0 1234.5678 0.05 15.0 0.1",
    "1.23e+03 100 1e+03 1234.5678 0.05 2e+01 0.10000000000000001",
  ],
  [
    "%b %x %X %.2x %.0x %x %x",
    "1.0 3.5 -3.5 3.999 1.5 0.0 1e-320",
    "4503599627370496p-52 0x1.cp+01 -0X1.CP+01 0x1.00p+02 0x1p+01 0x0p+00 0x1.fap-1064",
  ],
  ["%#g %#.3g %#.0f %#e %#v", "1.0 1.0 1.0 1.0 1.0", "1.00000 1.00 1. 1.000000e+00 1"],
  ["%.30f", "0.1", "0.100000000000000005551115123126"],
  ["%f %.1f %e", "1e20 1e-10 0.0", "100000000000000000000.000000 0.0 0.000000e+00"],
  ["%f %g %v", "-0.0 -0.0 -0.0", "-0.000000 -0 -0"],
  ["%5.1f%%", "99.44", " 99.4%"],
]);

testFormats("printf keeps the zeros of a float with the sharp flag", [
  ["%#g %#.4g %#.3G %#.0f %#g", "0.0 0.0 0.0 0.0 123456.0", "0.00000 0.000 0.00 0. 123456."],
  ["%#.2e %#x %#.1x", "1.0 1.5 1.0", "1.00e+00 0x1.8000p+00 0x1.0p+00"],
]);

testFormats("printf writes complex numbers", [
  [
    "%v %.1f %+v %8.1f|% .0f",
    "1+2i 1+2i 1+2i 1-2i 1+2i",
    "(1+2i) (1.0+2.0i) (1+2i) (     1.0    -2.0i)|( 1+2i)",
  ],
  ["%g %e %d", "1.5i -1i 1i", "(0+1.5i) (0.000000e+00-1.000000e+00i) %!d(complex128=(0+1i))"],
]);

testFormats("printf writes strings", [
  [
    "%s %v %5s|%-5s|%05s|%.2s|%5.1s|%.0s",
    '"a" "b" "ab" "ab" "ab" "abc" "abc" "abc"',
    "a b    ab|ab   |000ab|ab|    a|",
  ],
  ["%5s|%-5s|%.3s", '"é世" "é世" "é世x!"', "   é世|é世   |é世x"],
  [
    "%x %X %#x %#X % x %# x % X",
    '"az" "az" "az" "az" "az" "az" "jk"',
    "617a 617A 0x617a 0X617A 61 7a 0x61 0x7a 6A 6B",
  ],
  [
    "%.1x|%8x|%-8x|%08x|%x|%4x|",
    '"az" "az" "az" "az" "" ""',
    "61|    617a|617a    |0000617a||    |",
  ],
  [
    "%q %q %q %q",
    '"a" "\\"\\\\" "\\n\\t\\x01\\x7f" "é\\u2028\\U000e0001"',
    '"a" "\\"\\\\" "\\n\\t\\x01\\x7f" "é\\u2028\\U000e0001"',
  ],
  [
    "%+q %#q %#q %#q %#q",
    '"é😀" "a\\tb" "a`b" "a\\nb" "\\ufeff"',
    '"\\u00e9\\U0001f600" `a\tb` "a`b" "a\\nb" "\\ufeff"',
  ],
  ["%q %x", '"\\xff\\xc3" "\\xff"', '"\\xff\\xc3" ff'],
  ["%8q|%-8q|%08q|%.1q", '"ab" "ab" "ab" "ab"', '    "ab"|"ab"    |0000"ab"|"a"'],
]);

testFormats("printf writes booleans, nil and types", [
  ["%t %v %6t|%-6t|", "true false true true", "true false   true|true  |"],
  [
    "%v %+v %#v %T %5v|%s %d",
    "nil nil nil nil nil nil nil",
    "<nil> <nil> <nil> <nil> <nil>|%!s(<nil>) %!d(<nil>)",
  ],
  [
    "%T %T %T %T %T %T",
    '"a" 1 1.0 true 1i (index "a" 0)',
    "string int float64 bool complex128 uint8",
  ],
  [
    "%T %T %T %8T|%.3T",
    '(loop 1) (split "," "a") . 1 1.0',
    "[]int []string template.Environment      int|flo",
  ],
  ["%#v %#v %#v %#v %#v", '"a\\n" 1 1.5 true (index "a" 0)', '"a\\n" 1 1.5 true 0x61'],
  [
    "%v %d %c %x %q %s",
    '(index "a" 0) (index "a" 0) (index "a" 0) (index "a" 0) (index "a" 0) (index "a" 0)',
    "97 97 a 61 'a' %!s(uint8=97)",
  ],
]);

testFormats("printf writes lists and the environment item by item", [
  [
    "%v %d %3d %#v %x %s",
    "(loop 3) (loop 3) (loop 3) (loop 3) (loop 9 12) (loop 1)",
    "[0 1 2] [0 1 2] [  0   1   2] []int{0, 1, 2} [9 a b] [%!s(int=0)]",
  ],
  [
    "%v %q %s %5s %#v %x %d",
    '(split "," "a,b") (split "," "a,b") (split "," "a,b") (split "," "a,b") (split "," "a,b") (split "," "a,b") (split "," "a")',
    '[a b] ["a" "b"] [a b] [    a     b] []string{"a", "b"} [61 62] [%!d(string=a)]',
  ],
  ["%v %#v %T", '(split "," "") (loop 0) (split "," "")', "[] []int{} []string"],
]);
testOutputs("printf writes the environment with its names in order", [
  ['{{slice (printf "%v" .) 0 20}}', "map[COUNT:3 EMPTY: N"],
  ['{{slice (printf "%#v" .) 0 46}}', 'template.Environment{"COUNT":"3", "EMPTY":"", '],
  [
    '{{slice (printf "%q" .) 0 25}} {{slice (printf "%d" .) 0 40}}',
    'map["COUNT":"3" "EMPTY":" map[%!d(string=COUNT):%!d(string=3) %!d(',
  ],
]);

testFormats("printf says what is wrong with a verb or its value", [
  [
    "%d %s %t %c %U",
    '"a" 1 1 "a" 1.5',
    "%!d(string=a) %!s(int=1) %!t(int=1) %!c(string=a) %!U(float64=1.5)",
  ],
  [
    "%z %☠ %! %w %p",
    '1 "a" 2 "b" 3',
    "%!z(int=1) %!☠(string=a) %!!(int=2) %!w(string=b) %!p(int=3)",
  ],
  ["%5z|%.1z|%+z", '1 "abc" 1', "%!z(int=    1)|%!z(string=a)|%!z(int=+1)"],
  ["%f %e %x", '1 "a" true', "%!f(int=1) %!e(string=a) %!x(bool=true)"],
  ["%d %d", "1", "1 %!d(MISSING)"],
  ["%d", "1 2", "1%!(EXTRA int=2)"],
  ["", '1 "a" nil', "%!(EXTRA int=1, string=a, <nil>)"],
  ["%", "", "%!(NOVERB)"],
  ["%-5", "1", "%!(NOVERB)%!(EXTRA int=1)"],
  ["%d%", "1", "1%!(NOVERB)"],
  ["%.", "3", "%!.(int=3)"],
  ["100%% %5% %-+#%", "", "100% % %"],
]);

testFormats("printf prints a list as a whole where a verb is of no use to any value", [
  ["%w %z", "(loop 2) (loop 2)", "%!w([]int=[0 1]) [%!z(int=0) %!z(int=1)]"],
]);

testFormats("printf takes widths and precisions from its values", [
  ["%*d|%-*d|%*d|%0*d", "5 1 5 1 -5 1 5 1", "    1|1    |1    |00001"],
  ["%.*f %*.*f|%.*s", '2 3.14159 8 2 3.14159 2 "abc"', "3.14     3.14|ab"],
  ["%*d %*d", '"a" 1 1.5 2', "%!(BADWIDTH)1 %!(BADWIDTH)2"],
  ["%.*d %.*d", '"a" 1 -1 2', "%!(BADPREC)1 %!(BADPREC)2"],
  ["%*d", "1000001 1", "%!(BADWIDTH)1"],
  ["%.*d", "1000001 1", "%!(BADPREC)1"],
  ["%*d", "5", "%!d(MISSING)"],
  ["%*d", "", "%!(BADWIDTH)%!d(MISSING)"],
  ["%99999999999d", "1", "%!(NOVERB)%!(EXTRA int=1)"],
]);

testFormats("printf takes values by their number", [
  ["%[2]d %[1]d", "1 2", "2 1"],
  ["%[2]d %d %[1]d %d", "1 2 3", "2 3 1 2"],
  ["%[1]d", "1 2", "1"],
  [
    "%[2]*[1]d|%[3]*.[2]*[1]f",
    "12.0 2 6",
    "%!d(float64=12)| 12.00",
  ],
  [
    "%[0]d %[3]d %[x]d %[]d %[-1]d",
    "1 2",
    "%!d(BADINDEX) %!d(BADINDEX) %!d(BADINDEX) %!d(BADINDEX) %!d(BADINDEX)",
  ],
  ["%[1]2d %[1].2d", "1", "%!d(BADINDEX) %!d(BADINDEX)"],
  ["%[1", "1", "%!(NOVERB)"],
  ["%.[]", "1", "%!](BADINDEX)"],
  ["%[1]", "1", "%!(NOVERB)"],
]);
