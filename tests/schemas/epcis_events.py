"""EPCIS events for tests: published ones whose hash is known, and plain ones of every type."""

from typing import Any, Final

CONTEXT: Final = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"ex": "https://ns.example.com/epcis/"},
]
AT: Final = {"eventTime": "2026-03-04T11:00:30.000+08:00", "eventTimeZoneOffset": "+08:00"}

DEPARTING: Final[dict[str, Any]] = {
    "@context": CONTEXT,
    "type": "ObjectEvent",
    "eventTime": "2020-03-04T11:00:30.000+01:00",
    "eventTimeZoneOffset": "+01:00",
    "recordTime": "2020-03-04T11:00:30.999+01:00",
    "epcList": [f"urn:epc:id:sscc:4012345.0000000{number}" for number in (333, 111, 222)],
    "action": "OBSERVE",
    "bizStep": "departing",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987"},
    "ex:myField1": {"ex:mySubField1": "2", "ex:mySubField2": "5"},
    "ex:myField2": "0",
    "ex:myField3": {"ex:mySubField3": ["3", "1"]},
}
INSPECTING: Final[dict[str, Any]] = {
    "type": "ObjectEvent",
    "eventTime": "2020-04-01T15:00:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "epcList": ["urn:epc:id:sgtin:4012345.011111.9876"],
    "action": "OBSERVE",
    "bizStep": "inspecting",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00005.0"},
    "sensorElementList": [
        {
            "sensorMetadata": {
                "deviceID": "urn:epc:id:giai:4000001.111",
                "deviceMetadata": "https://id.gs1.org/8004/4000001111",
            },
            "sensorReport": [
                {"type": "Temperature", "value": 26, "sDev": 0.1, "uom": "CEL"},
                {"type": "AbsoluteHumidity", "value": 12.1, "uom": "A93"},
                {
                    "type": "Dimensionless",
                    "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
                    "value": 0.05,
                    "uom": "C35",
                },
                {
                    "type": "Dimensionless",
                    "chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
                    "value": 0.18,
                    "uom": "C35",
                },
            ],
        }
    ],
}
CHANGING_HANDS: Final[dict[str, Any]] = {
    "@context": CONTEXT,
    "type": "ObjectEvent",
    "eventTime": "2020-03-04T11:00:30+01:00",
    "eventTimeZoneOffset": "+01:00",
    "epcList": ["urn:epc:id:sgtin:0614141.011111.987"],
    "action": "OBSERVE",
    "bizStep": "departing",
    "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.0", "ex:myField1": "AB-12"},
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epc:id:gdti:4012345.11111.123"}],
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
    "destinationList": [{"type": "owning_party", "destination": "urn:epc:id:pgln:0614141.00000"}],
    "ex:userExt": "CD-34",
}
ALARM: Final[dict[str, Any]] = {
    "type": "ObjectEvent",
    "eventTime": "2023-02-12T11:04:03.1415Z",
    "eventTimeZoneOffset": "+01:00",
    "certificationInfo": "https://accreditation-council.example.org/certificate/ABC12345",
    "epcList": ["https://id.gs1.de/01/04012345999990/21/XYZ-1234"],
    "action": "OBSERVE",
    "bizStep": "receiving",
    "disposition": "in_progress",
    "readPoint": {"id": "https://id.gs1.de/414/4012345000115"},
    "sensorElementList": [
        {
            "sensorMetadata": {
                "time": "2023-02-12T11:04:03.1007Z",
                "bizRules": "https://id.example.com/253/4012345000054987",
            },
            "sensorReport": [
                {
                    "type": "Dimensionless",
                    "exception": "ALARM_CONDITION",
                    "coordinateReferenceSystem": "http://www.opengis.net/def/crs/EPSG/0/27700",
                }
            ],
        }
    ],
}
MELTING: Final[dict[str, Any]] = {
    "@context": CONTEXT,
    "type": "TransformationEvent",
    "eventTime": "2020-01-14T00:00:00.000+01:00",
    "eventTimeZoneOffset": "+01:00",
    "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    "inputEPCList": ["urn:epc:id:sgtin:4012345.011111.987"],
    "outputEPCList": ["urn:epc:id:sgtin:4012345.033333.AGHFG"],
    "inputQuantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.022222.87545GHGH"}],
    "outputQuantityList": [{"epcClass": "urn:epc:idpat:sgtin:4012345.044444.*", "quantity": 452.0, "uom": "KGM"}],
    "bizStep": "commissioning",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00000.0"},
    "errorDeclaration": {
        "declarationTime": "2020-01-15T00:00:00.000+01:00",
        "reason": "incorrect_data",
        "ex:vendorExtension": "Test1",
    },
}
COMMISSIONING: Final[dict[str, Any]] = {
    "@context": [{"cbvmda": "urn:epcglobal:cbv:mda:"}],
    "type": "ObjectEvent",
    "eventTime": "2019-10-21T14:58:56.000+02:00",
    "eventTimeZoneOffset": "+02:00",
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:4054739.099914.20160711", "quantity": 600, "uom": "KGM"}],
    "action": "ADD",
    "bizStep": "commissioning",
    "readPoint": {"id": "urn:epc:id:sgln:4054739.00001.0"},
    "ilmd": {"cbvmda:bestBeforeDate": "2019-10-21"},
}

PUBLISHED: Final = (
    (DEPARTING, "6ae96341e0acc6d7a261364751f60e68278a81cdf51da0abb6b4e617014e39d7"),
    (INSPECTING, "271565c346ae2fb28c4583c4dca4ab4772d465eb4e0b6e548d77d8b49377d95c"),
    (CHANGING_HANDS, "3ae14c02c4bdc220cc31942cf804f6845eb8dec96ba6483391c92a9b165f9329"),
    (ALARM, "bf052637920f56c28bd6bc4ce10bb296203fcddc543f1e293d5a77b07592dcec"),
    (MELTING, "e16ce101f3d7383612e00b74419b2d88f12baa6a124b0e390252d396687d5cf7"),
    (COMMISSIONING, "5f396ea5cb32fe4d0980cb79f5a5eb9640559e9f5a6cefa5c98a7d6ad554b50b"),
)
"""Events of the reference implementation's documentation and test data, with their hashes for CBV 2.0."""

ITEM: Final = "https://id.example.com/01/06901234567892/21/A1"
OTHER: Final = "https://id.example.com/01/06901234567892/21/A2"
PALLET: Final = "urn:epc:id:sscc:6901234.0000000333"
LOT: Final = {"epcClass": "urn:epc:class:lgtin:6901234.056789.HEAT7", "quantity": 12.5, "uom": "KGM"}

SEEN: Final[dict[str, Any]] = {"type": "ObjectEvent", **AT, "action": "OBSERVE", "epcList": [ITEM]}
PACKED: Final[dict[str, Any]] = {
    "type": "AggregationEvent", **AT, "action": "ADD", "parentID": PALLET, "childEPCs": [ITEM, OTHER],
}  # fmt: skip
ORDERED: Final[dict[str, Any]] = {
    "type": "TransactionEvent", **AT, "action": "ADD", "epcList": [ITEM],
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:6901234000009:7"}],
}  # fmt: skip
MADE: Final[dict[str, Any]] = {
    "type": "TransformationEvent", **AT, "inputQuantityList": [LOT], "outputEPCList": [ITEM],
}  # fmt: skip
FITTED: Final[dict[str, Any]] = {
    "type": "AssociationEvent", **AT, "action": "ADD", "parentID": PALLET, "childEPCs": [ITEM],
}  # fmt: skip
OF_EVERY_TYPE: Final = (SEEN, PACKED, ORDERED, MADE, FITTED)
