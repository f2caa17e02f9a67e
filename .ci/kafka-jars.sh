#!/usr/bin/env bash
# Brings Apache Kafka's jars, with what they need at run time, from Maven Central into FOLDER/4.1 and FOLDER/3.9, once. What came is
# held against the checksums in kafka-jars.sha256; FOOTPATH_KAFKA=FOLDER then lets the tests start real brokers.
# Usage: .ci/kafka-jars.sh FOLDER
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
checksums=$(cd "$(dirname "$0")" && pwd)/kafka-jars.sha256

for version in 4.1.2 3.9.2; do
  short=${version%.*}
  own() { grep "  $short/" "$checksums" | sed "s#  $short/#  #"; }
  (cd "$folder/$short" 2>/dev/null && own | sha256sum --check --quiet --strict 2>/dev/null) && continue
  rm -rf "${folder:?}/$short"
  mkdir -p "$folder/$short"
  pom=$(mktemp -d)
  cat >"$pom/pom.xml" <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>footpath</groupId>
  <artifactId>kafka-jars</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
END
  mvn -B -q -Dstyle.color=never -f "$pom/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$folder/$short"
  rm -rf "$pom"
  (cd "$folder/$short" && own | sha256sum --check --quiet --strict)
  [ "$(find "$folder/$short" -name '*.jar' | wc -l)" = "$(own | wc -l)" ] || { echo "$folder/$short: other jars than kafka-jars.sha256 names" >&2; exit 1; }
done
