"""Sample identifiers of every class of docs/reference.md, as they stand in real systems."""

CANONICAL = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11"

SAMPLES = {
    "blank": ["", " ", "\t\n", "\u00a0", "\u200b", "\ufeff", " \u200b\u00a0 ", "\x01"],
    "sentinel_word": [
        "null", "NULL", " null ", "undefined", "None", "nil", "NaN", "N/A", "na", "unknown", "Test", "default", "TBD",
        "-", "?", "0", "-1", "true", "FALSE", "[object Object]",
    ],
    "uuid_nil": ["00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000"],
    "uuid_max": ["ffffffff-ffff-ffff-ffff-ffffffffffff", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"],
    "uuid_test_pattern": [
        "11111111-1111-1111-1111-111111111111", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
        "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-0000deadbeef",
    ],
    "uuid_canonical": [
        CANONICAL, "c232ab00-9414-11ec-b3c8-9f6bdeced846", "5df41881-3aed-3515-88a7-2f4a814cf09e",
        "2ed6657d-e927-568b-95e1-2665a8aea6a2", "1ec9414c-232a-6b00-b3c8-9f6bdeced846",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0",
    ],
    "uuid_noncanonical": [
        CANONICAL.upper(), CANONICAL.replace("-", ""), "{" + CANONICAL + "}", "urn:uuid:" + CANONICAL,
        " " + CANONICAL, CANONICAL + "\n", "\ufeff" + CANONICAL, "7A0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11",
        "URN:UUID:" + CANONICAL.upper(), "{" + CANONICAL.replace("-", "") + "}",
    ],
    "uuid_nonrfc": [
        "7a0eebc9-9c0b-0ef8-bb6d-6bb9bd380a11", "7a0eebc9-9c0b-9ef8-bb6d-6bb9bd380a11",
        "7a0eebc9-9c0b-4ef8-cb6d-6bb9bd380a11", "7a0eebc9-9c0b-4ef8-0b6d-6bb9bd380a11",
    ],
    "integer": ["1", "123", "0000123", "+5", "-42", "9223372036854775807", " 7 "],
    "mrn_like": ["MRN-000123", "mrn 42", "PAT-0001", "P12345", "HN-000123", "MR/2024/0012", "UHID: 99"],
    "opaque": [
        "cjld2cjxh0000qzrmn831i7rn", "tz4a98xxat96iws9zmbrgj3a", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "V1StGXR8_Z5jdHi6B-myT", "507f1f77bcf86cd799439011",
    ],
    "house_format": [
        "UTJ5M0-RQXC2F-7OZKDD-LNYVSGWE", "ABC123-DEF456-GHI789", "a1z2c3d4-9f8e7d-0c1b2a", "A1B2-C3D4-E5F6-G7H8-J9K0",
    ],
    "other_text": [
        "Achieng Otieno", "0712 345 678", "achieng@example.org", CANONICAL[:-1], CANONICAL + "0",
        " a0eebc999c0b4ef8bb6d6bb9bd380a1", "7a0eebc99c0b-4ef8bb6d-6bb9bd380a11-", "{" + CANONICAL, "Zoë", "患者",
        "OTIENO-ACHIENG-WANJIKU-1980", "MARIE-JEANNE-DUPONT80-NAIROBI", "0712-345-678-0712-345-678-99", "ABC123-DEF456",
        "12345678901234567890", "7a0e-ebc9-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
    ],
}  # fmt: skip

OF_UUID_COLUMNS = {
    "uuid_nil": SAMPLES["uuid_nil"][:1],
    "uuid_max": SAMPLES["uuid_max"][:1],
    "uuid_test_pattern": SAMPLES["uuid_test_pattern"],
    "uuid_canonical": [*SAMPLES["uuid_canonical"], CANONICAL.upper().replace("380A11", "380A12")],
    "uuid_nonrfc": SAMPLES["uuid_nonrfc"],
}
"""What a `uuid` column can hold; it keeps no spelling, so an upper-case one is as canonical as any."""
