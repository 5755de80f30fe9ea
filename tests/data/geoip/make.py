"""Makes the small GeoIP databases beside it: python3 make.py, with the packages mmdb_writer and netaddr.

nested.mmdb   MaxMind's form, IPv4 and IPv6
moved.mmdb    the same networks elsewhere, as after an update
flat.mmdb     the form of DB-IP's free files
asn.mmdb      of another kind: it tells network operators
"""

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def nested(code: str, name: str | None) -> dict:
    record = {"country": {"iso_code": code, "names": {"en": code}}}
    if name:
        record["city"] = {"names": {"en": name, "de": "anders"}}
    return record


def write(name: str, kind: str, records: dict[str, dict], version: int = 6) -> None:
    writer = MMDBWriter(version, kind, languages=["en"], ipv4_compatible=version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(name)


write("nested.mmdb", "Test-City", {
    "8.8.8.0/24": nested("US", "Mountain View"),
    "88.120.0.0/14": nested("FR", "Paris"),
    "5.9.0.0/16": nested("DE", None),
    "2a00:1450::/32": nested("GB", "London"),
})
write("moved.mmdb", "Test-City", {"8.8.8.0/24": nested("CA", "Toronto"), "88.120.0.0/14": nested("BE", "Liège")})
write("flat.mmdb", "test flat city", {
    "8.8.8.0/24": {"country_code": "US", "city": "Mountain View", "state1": "California"},
    "5.9.0.0/16": {"country_code": "DE", "city": ""},
}, version=4)
write("asn.mmdb", "Test-ASN", {"8.8.8.0/24": {"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"}})
