/** What the functions give, each case by Go 1.19's text/template and ContainerPilot's own. */
import { testFailures, testOutputs } from "./support.ts";

testOutputs("and, or and not answer as Go's, and evaluate no more than they must", [
  ['{{and 1 0 2}}{{and 1 2}}{{and 0}}{{or 0 3}}{{or "" 0}}', "02030"],
  ["{{or 1 (index (loop 1) 5)}}{{and 0 (index (loop 1) 5)}}", "10"],
  ["{{2 | and 1}}{{2 | and 0}}{{2 | or 0}}{{2 | or 1}}", "2021"],
  ["{{1 | and}}{{0 | or}}", "10"],
  ['{{not 0}} {{not "a"}} {{not nil}} {{not .NOT_SET}}', "true false true true"],
  ["{{and nil}} {{or nil}} {{and 1 nil}} {{or nil 1}}", "<no value> <no value> <no value> 1"],
]);
testFailures("and, or and not refuse a wrong number of arguments", "exec", [
  "{{and}}",
  "{{or}}",
  "{{not}}",
  "{{not 1 2}}",
  "{{1 | not 2}}",
  "{{and 1 (index (loop 1) 5)}}",
]);

testOutputs("eq and ne compare values of one kind, and anything with nil", [
  [
    '{{eq 1 1}} {{eq 1 2 3 1}} {{eq 1 2 3}} {{eq "a" "a"}} {{eq 1.5 1.5}} {{eq 1i 1i}} {{eq true false}}',
    "true true false true true true false",
  ],
  [
    '{{eq \'a\' 97}} {{eq (index "a" 0) 97}} {{eq 97 (index "a" 0)}} {{eq (index "a" 0) -159}}',
    "true true true false",
  ],
  [
    "{{eq nil nil}} {{eq nil 1}} {{eq 1 nil}} {{eq .NOT_SET nil}} {{ne nil 1}}",
    "true false false false true",
  ],
  ["{{eq . nil}} {{eq nil (loop 0)}} {{ne (split `,` ``) nil}}", "false false true"],
  [
    '{{ne 1 2}} {{ne "a" "a"}} {{eq .NAME "Template"}} {{.NAME | eq "Template"}}',
    "true false true true",
  ],
  // The first answer ends it.
  ['{{eq 1 1 "a"}}', "true"],
]);
testOutputs("lt, le, gt and ge order numbers by size and strings by their bytes", [
  [
    "{{lt 1 2}} {{lt 2 1}} {{le 1 1}} {{gt 2 1}} {{ge 1 1}} {{ge 1 2}}",
    "true false true true true false",
  ],
  [
    '{{lt 1.5 2.5}} {{le -1.0 -1.0}} {{gt "b" "a"}} {{lt "a" "ab"}} {{lt "Z" "a"}}',
    "true true true true true",
  ],
  ['{{lt (index "a" 0) 98}} {{gt -1 (index "a" 0)}} {{lt -1 (index "a" 0)}}', "true false true"],
  // By code point, not by UTF-16: U+FF61 comes before U+1F600.
  ['{{lt "\\uff61" "\\U0001F600"}} {{lt "z" "é"}}', "true true"],
]);
testFailures("comparisons refuse what cannot be compared", "exec", [
  "{{eq}}",
  "{{eq 1}}",
  '{{eq 1 "a"}}',
  "{{eq 1 1.0}}",
  "{{eq 1.0 1i}}",
  "{{eq true 1}}",
  '{{eq 1 2 "a"}}',
  "{{eq . .}}",
  "{{eq . nil 1}}",
  '{{eq "a" .}}',
  "{{eq (loop 1) (loop 1)}}",
  "{{ne 1}}",
  "{{ne 1 2 3}}",
  '{{ne 1 "1"}}',
  "{{lt 1}}",
  "{{lt 1 2 3}}",
  "{{lt 1 1.5}}",
  '{{lt 1 "2"}}',
  "{{lt true false}}",
  "{{le true true}}",
  "{{gt 1i 2i}}",
  "{{lt nil 1}}",
  "{{lt 1 nil}}",
  "{{ge . .}}",
  "{{gt .COUNT 2}}",
]);

testOutputs("index, slice and len count bytes and items", [
  [
    '{{len "abc"}} {{len .UNI}} {{len ""}} {{len (loop 4)}} {{len (split ":" .PARTS)}}',
    "3 12 0 4 3",
  ],
  [
    '{{index .NAME 0}} {{index .UNI 1}} {{index (loop 5 9) 2}} {{index (split ":" .PARTS) 1}}',
    "84 195 7 b",
  ],
  [
    '{{index . "NAME"}} [{{index . "NOT_SET"}}] {{index (split ":" .PARTS) 1 0}} {{index .NAME}}',
    "Template [] 98 Template",
  ],
  ['{{index "abc" (index "\\x01" 0)}} {{index "abc" \'\\x02\'}}', "98 99"],
  [
    "{{slice .NAME 1}} {{slice .NAME 1 3}} {{slice .NAME}} [{{slice .NAME 8}}] {{slice .NAME 0 0}}",
    "emplate em Template [] ",
  ],
  [
    "{{slice .UNI 0 3}} {{slice (loop 5) 1 3}} {{slice (loop 5) 5}} {{slice (loop 5) 1 2 3}}",
    "hé [1 2] [] [1]",
  ],
  // As in Go, slicing reaches into the room behind a list.
  [
    '{{slice (slice (split ":" .PARTS) 0 1) 0 3}} {{slice (loop 3) 0 4}} {{slice (slice (loop 5) 1 2) 0 7}}',
    "[a b c] [0 1 2 0] [1 2 3 4 0 0 0]",
  ],
]);
testFailures("index, slice and len refuse what is out of range or has no items", "exec", [
  "{{index}}",
  "{{index nil 0}}",
  "{{index .NAME 8}}",
  "{{index .NAME -1}}",
  '{{index .NAME "a"}}',
  "{{index .NAME 1.0}}",
  "{{index .NAME nil}}",
  "{{index 1 0}}",
  "{{index .NAME 0 0}}",
  "{{index . 1}}",
  "{{index . nil}}",
  '{{index . "NAME" 9}}',
  "{{index (loop 3) 3}}",
  "{{slice}}",
  "{{slice nil}}",
  "{{slice 1}}",
  "{{slice .}}",
  "{{slice .NAME 9}}",
  "{{slice .NAME 3 1}}",
  "{{slice .NAME 0 9}}",
  "{{slice .NAME 0 1 2}}",
  "{{slice (loop 3) 0 5}}",
  "{{slice (loop 3) 2 1}}",
  "{{slice (loop 3) 0 2 1}}",
  "{{slice (loop 3) 0 1 2 3}}",
  '{{slice (split ":" .PARTS) 0 4}}',
  "{{slice (slice (loop 4) 0 1 2) 0 3}}",
  "{{len}}",
  "{{len 1}}",
  "{{len nil}}",
  "{{len 1 2}}",
  "{{call}}",
  "{{call nil}}",
  "{{call .NAME}}",
  "{{call print 1}}",
]);

testOutputs("print and println put spaces as fmt does", [
  [
    '{{print 1 2}} {{print "a" "b"}} {{print 1 "a" 2}} {{print 1 2 "a" 3 4}} {{print true nil 1.5}}',
    "1 2 ab 1a2 1 2a3 4 true <nil> 1.5",
  ],
  ['[{{print}}] [{{println}}] [{{println 1 "a" "b"}}]', "[] [\n] [1 a b\n]"],
  [
    '{{print (loop 3)}} {{print (split ":" .PARTS) "x"}} {{print (index "a" 0) \'b\'}}',
    "[0 1 2] [a b c]x 97 98",
  ],
  ["{{print 'a' 1e6 1e20 100000.0 1i}}", "97 1e+06 1e+20 100000 (0+1i)"],
  ['{{loop 0}}{{split "," ""}}', "[][]"],
]);

testOutputs("html, js and urlquery escape what print prints", [
  ['{{html .Q}} {{html "\'\\x00"}}', "say &#34;hi&#34; &amp; &lt;b&gt; &#39;\ufffd"],
  [
    '{{js .Q}} {{js "\'\\\\=\\n\\t\\x01\\x7f"}} {{js .UNI}} {{js "\\u2028\\U000e0001"}}',
    'say \\"hi\\" \\u0026 \\u003Cb\\u003E \\\'\\\\\\u003D\\u000A\\u0009\\u0001\x7f héllo世界 \\u2028\\uE0001',
  ],
  [
    '{{urlquery .Q}} {{urlquery .UNI}} {{urlquery "a-b_c.d~e f+g/"}}',
    "say+%22hi%22+%26+%3Cb%3E h%C3%A9llo%E4%B8%96%E7%95%8C a-b_c.d~e+f%2Bg%2F",
  ],
  [
    '{{html 1 2}} {{html "a" 1}} {{html (loop 2)}} {{html nil}} {{html}}',
    "1 2 a1 [0 1] &lt;no value&gt; ",
  ],
  ['{{"<" | html}}{{html true}}{{js 1.5}}{{urlquery 1 2}}', "&lt;true1.51+2"],
]);

testOutputs("default gives the value where it is a string with something in it", [
  ['{{.NAME | default "d"}} {{.NOT_SET | default "d"}} {{.EMPTY | default "d"}}', "Template d d"],
  [
    '{{default 5 .NOT_SET}} {{default 1.50 ""}} {{default true ""}} {{default nil ""}} {{default (loop 2) ""}}',
    "5 1.5 true <nil> [0 1]",
  ],
  ['{{default "d" 5}} {{default "d" nil}} {{default "d" (loop 2)}} {{default "" ""}}', "d d d "],
  ['{{printf "%T" (default 5 "")}} {{.NOT_SET | default .USER}}', "string pilot"],
]);
testOutputs("env reads a variable by a name that is computed", [
  [
    '{{env "NAME"}} [{{env "NOT_SET"}}] {{"USER" | env}} {{env (print "NA" "ME")}} {{env ""}}',
    "Template [] pilot Template ",
  ],
]);
testOutputs("split, join and replaceAll do as strings.Split, Join and Replace", [
  [
    '{{split ":" .PARTS}} {{split "" "aé"}} {{split "," " a, b "}} {{split "," "a,,b," | len}}',
    "[a b c] [a é] [a  b] 4",
  ],
  [
    '{{len (split "," " \\t\\n")}} {{len (split "," "\\u00a0\\u2003")}} {{len (split "x" "")}}',
    "0 0 0",
  ],
  ['{{split " " "a  b" | len}} {{split "ab" "abab" | len}}', "3 3"],
  [
    '{{join "-" (split ":" .PARTS)}} [{{join "," (split ":" "")}}] [{{join "," nil}}] {{join "" (split ":" .PARTS)}}',
    "a-b-c [] [] abc",
  ],
  [
    '{{replaceAll "a" "b" "banana"}} {{replaceAll "" "-" "aé"}} {{replaceAll "aa" "a" "aaaa"}} {{replaceAll "x" "$&" "axb"}}',
    "bbnbnb -a-é- aa a$&b",
  ],
  ['{{replaceAll "" "x" ""}}', "x"],
]);
testOutputs("loop counts up and down, from ints and from strings", [
  [
    "{{loop 3}} {{loop 2 5}} {{loop 5 2}} {{loop 3 3}} {{loop -2}} {{loop 1 -1}} {{loop 0}}",
    "[0 1 2] [2 3 4] [5 4 3] [] [0 -1] [1 0] []",
  ],
  [
    '{{loop .COUNT}} {{loop "1" "+3"}} {{loop 1 "-1"}} {{loop "007" | len}} {{loop \'\\x02\'}}',
    "[0 1 2] [1 2] [1 0] 7 [0 1]",
  ],
  ["{{loop 9223372036854775806 9223372036854775807}}", "[9223372036854775806]"],
]);
testFailures("ContainerPilot's functions refuse wrong arguments", "exec", [
  "{{default}}",
  '{{default "a"}}',
  '{{default "a" "b" "c"}}',
  "{{env}}",
  "{{env 1}}",
  "{{env nil}}",
  '{{env "a" "b"}}',
  "{{split}}",
  '{{split ":"}}',
  '{{split ":" 1}}',
  '{{split 1 "a"}}',
  "{{split ':' \"a\"}}",
  '{{split ":" nil}}',
  '{{split ":" (loop 1)}}',
  '{{join ":"}}',
  '{{join ":" "a"}}',
  '{{join ":" (loop 2)}}',
  '{{join 1 (split ":" .PARTS)}}',
  '{{replaceAll "a" "b"}}',
  '{{replaceAll "a" "b" 1}}',
  '{{replaceAll "a" 1 "a"}}',
  "{{loop}}",
  "{{loop 1 2 3}}",
  '{{loop ""}}',
  '{{loop "x"}}',
  '{{loop "1.0"}}',
  '{{loop " 3"}}',
  '{{loop "0x3"}}',
  '{{loop "1_0"}}',
  '{{loop "9223372036854775808" "9223372036854775809"}}',
  "{{loop 1.0}}",
  "{{loop true}}",
  "{{loop nil}}",
  '{{loop (index "a" 0)}}',
  '{{loop 1 "x"}}',
  '{{template "t"}}{{define "t"}}{{env .}}{{end}}',
]);
