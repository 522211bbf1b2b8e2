#!/bin/sh
# Instructions per operation on the thread that traces: callgrind counts two runs of different length, so that
# what happens once falls out of the difference.
set -eu
cd "$(dirname "$0")/.."

few=2000
many=12000

binary=$(cargo bench -p benches --bench instructions --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*instructions-[^"]*\)".*/\1/p' | tail -n 1)

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
        "--toggle-collect=*measured_$1*" "$binary" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

for operation in $("$binary"); do
    less=$(count "$operation" "$few")
    more=$(count "$operation" "$many")
    awk -v name="$operation" -v less="$less" -v more="$more" -v times=$((many - few)) \
        'BEGIN { printf "%-28s %6.1f\n", name, (more - less) / times }'
done
